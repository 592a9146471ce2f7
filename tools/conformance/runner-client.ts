/**
 * The fuzzing server: listens, and lets clients take cases as they like, many at a time if they
 * want.
 *
 * Results are kept by agent and case. Reports are written when a client asks for them, and at the
 * end.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { AgentResults } from './agent-results.ts';
import type { CatalogueEntry } from './cases/index.ts';
import { REAL_CLOCK } from './clock.ts';
import { runDirectCommand } from './direct-commands.ts';
import { DRIVER_PAGE } from './driver-page.ts';
import { FuzzerPeer } from './fuzzer-peer.ts';
import { type AskedOpening, buildRefusal, buildResponse, ServerOpening } from './opening.ts';
import type { Transport } from './peer-parts.ts';
import type { CaseResult } from './result.ts';
import { repeat } from './script.ts';
import { ServerCase } from './server-case.ts';
import { attachSocket } from './socket-transport.ts';
import { type ClientWish, readWish } from './url-protocol.ts';
import { WireLog } from './wire-log.ts';

/** What the server is made of. */
export interface FuzzingServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly entries: readonly CatalogueEntry[];
  /** Shows a line to the user. */
  readonly say: (line: string) => void;
  readonly writeReports: (results: readonly CaseResult[]) => Promise<void>;
  readonly onResult?: (result: CaseResult) => void;
}

/** Where a connection's bytes go. */
interface Conversation {
  receive(bytes: Buffer): void;
  gone(reason: string | undefined): void;
}

type AcceptedOpening = Extract<AskedOpening, { ok: true }>;

/** Milliseconds for the opening handshake. */
const OPENING_MS = 5000;

/** What a client may say outside of cases: commands, in JSON. */
const MOST_OCTETS = 32 * 1024 * 1024;

/** Reasons for refusals that are shown: a port scanner has more. */
const MOST_REFUSALS = 10;

/** Serves the cases. */
export class FuzzingServer {
  /** Settles when a client has stopped the server. */
  readonly stopped: Promise<undefined>;
  readonly url: string;
  readonly #options: FuzzingServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #running = new Set<ServerCase>();
  readonly #results = new AgentResults();
  /** Why connections were refused: each reason is shown once. */
  readonly #refusals = new Set<string>();
  #stop: () => void = () => {};
  #wasVisited = false;
  /** When a connection came or went last. */
  #changedAt = REAL_CLOCK.now();

  private constructor(options: FuzzingServerOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : options.port;
    this.url = `ws://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
    this.stopped = new Promise((resolve) => {
      this.#stop = () => resolve(undefined);
    });
    server.on('connection', (socket) => this.#connected(socket));
  }

  /** Begins to listen. Rejects when it cannot. */
  static listen(options: FuzzingServerOptions): Promise<FuzzingServer> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(options.port, options.host, () => resolve(new FuzzingServer(options, server)));
    });
  }

  /** The names of those who have run something. */
  agents(): string[] {
    return this.#results.agents();
  }

  /** Whether anybody has ever connected. */
  get wasVisited(): boolean {
    return this.#wasVisited;
  }

  /** Milliseconds without any connection. */
  silentMs(): number {
    return this.#sockets.size === 0 ? REAL_CLOCK.now() - this.#changedAt : 0;
  }

  /** What is finished so far. */
  finished(): CaseResult[] {
    return this.#results.finished();
  }

  /**
   * Stops serving.
   *
   * @param awaited agents that were to run every case: what they have not run has failed. Of any
   *   other one only what it has run is reported, as in the original: it may have wanted no more.
   * @returns the results of all agents.
   */
  close(awaited: readonly string[] = []): CaseResult[] {
    for (const running of this.#running) running.interrupt();
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    return this.#results.complete(this.#options.entries, awaited);
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket);
    this.#wasVisited = true;
    this.#changedAt = REAL_CLOCK.now();
    let conversation: Conversation | undefined;
    const timer = setTimeout(() => socket.destroy(), OPENING_MS);
    const opening = new ServerOpening((asked) => {
      clearTimeout(timer);
      conversation = this.#answer(asked, transport);
    });
    const transport = attachSocket(socket, {
      received: (bytes) => (conversation ?? opening).receive(bytes),
      gone: (reason) => conversation?.gone(reason),
    });
    socket.once('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
      this.#changedAt = REAL_CLOCK.now();
    });
  }

  #answer(asked: AskedOpening, transport: Transport): Conversation | undefined {
    if (!asked.ok) {
      const isPage = asked.status === 426 && asked.httpRequest.startsWith('GET / ');
      if (!isPage) return this.#refuse(asked.status, asked.reason, transport);
      transport.write(Buffer.from(DRIVER_PAGE), false);
      transport.end();
      return undefined;
    }
    const wish = readWish(asked.target, this.#options.entries);
    switch (wish.kind) {
      case 'refuse':
        return this.#refuse(500, wish.reason, transport);
      case 'run':
        return this.#runCase(wish, asked, transport);
      default:
        return this.#converse(wish, asked, transport);
    }
  }

  /** Says no to the client, and why to the user, who has often mistyped something. */
  #refuse(status: number, reason: string, transport: Transport): undefined {
    transport.write(Buffer.from(buildRefusal(status, reason)), false);
    transport.end();
    if (this.#refusals.size === MOST_REFUSALS || this.#refusals.has(reason)) return;
    this.#refusals.add(reason);
    this.#options.say(`A connection was refused: ${reason}`);
  }

  #runCase(
    wish: Extract<ClientWish, { kind: 'run' }>,
    asked: AcceptedOpening,
    transport: Transport,
  ): Conversation {
    const { agent, entry, number } = wish;
    if (!this.agents().includes(agent)) this.#options.say(`${agent} has begun.`);
    const keep = this.#results.begin(agent, entry.case.id);
    const onResult = (result: CaseResult): void => {
      keep(result);
      this.#options.onResult?.(result);
      queueMicrotask(() => this.#running.delete(running));
    };
    const running = new ServerCase({ agent, entry, number, asked, transport, onResult });
    this.#running.add(running);
    return running;
  }

  /** Everything but a case: a message or two, then the close frame. */
  #converse(wish: ClientWish, asked: AcceptedOpening, transport: Transport): Conversation {
    transport.write(Buffer.from(buildResponse(asked.accept, undefined)), false);
    const peer = new FuzzerPeer({
      role: 'server',
      clock: REAL_CLOCK,
      log: new WireLog(REAL_CLOCK.now, true),
      transport,
      nextMaskingKey: () => 0,
      mostOctets: MOST_OCTETS,
      listener: {
        message: (payload, isBinary) => {
          if (wish.kind === 'direct' && !isBinary) runDirectCommand(payload.toString(), peer);
        },
        pong: () => {},
        flooded: () => peer.giveUp('The client sends without end.'),
        gone: () => {},
      },
    });
    if (wish.kind !== 'direct') void this.#serve(wish, peer);
    if (asked.rest.length > 0) peer.receive(asked.rest);
    return { receive: (bytes) => peer.receive(bytes), gone: () => peer.receiveEnd() };
  }

  async #serve(wish: ClientWish, peer: FuzzerPeer): Promise<void> {
    const text = await this.#grant(wish);
    if (text !== undefined)
      peer.sendFrame({ opcode: 1, payload: repeat(text, Buffer.byteLength(text)) });
    peer.sendClose(Buffer.alloc(0));
    peer.flush();
    if (wish.kind === 'stop' || (wish.kind === 'update' && wish.shutdown)) this.#stop();
  }

  /** Does what the client wishes; returns what to tell it. */
  async #grant(wish: ClientWish): Promise<string | undefined> {
    switch (wish.kind) {
      case 'count':
        return String(this.#options.entries.length);
      case 'info': {
        const { id, description } = wish.entry.case;
        return JSON.stringify({ id, description });
      }
      case 'status': {
        const result = await this.#results.find(wish.agent, wish.entry.case.id);
        return JSON.stringify({ behavior: result?.behavior ?? 'FAILED' });
      }
      case 'update': {
        await this.#options.writeReports(this.finished());
        const agents = this.agents().join(', ');
        const whose = agents === '' ? ', though nobody has run a case yet' : `: ${agents}`;
        this.#options.say(`Reports are written${whose}.`);
        return undefined;
      }
      default:
        return undefined;
    }
  }
}
