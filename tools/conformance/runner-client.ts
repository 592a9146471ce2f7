/**
 * The fuzzing server: listens, and lets clients take cases as they like, many at a time if they
 * want.
 *
 * Results are kept by agent and case. Reports are written when a client asks for them, and at the
 * end.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { CatalogueEntry } from './cases/index.ts';
import { REAL_CLOCK } from './clock.ts';
import { runDirectCommand } from './direct-commands.ts';
import { DRIVER_PAGE } from './driver-page.ts';
import { FuzzerPeer } from './fuzzer-peer.ts';
import { type AskedOpening, buildRefusal, buildResponse, ServerOpening } from './opening.ts';
import type { Transport } from './peer-parts.ts';
import { type CaseResult, makeMissingResult } from './result.ts';
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

/** Serves the cases. */
export class FuzzingServer {
  /** Settles when a client has stopped the server. */
  readonly stopped: Promise<undefined>;
  readonly url: string;
  readonly #options: FuzzingServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #running = new Set<ServerCase>();
  /** By agent, then by case id; a promise as long as the case runs. */
  readonly #results = new Map<string, Map<string, CaseResult | Promise<CaseResult>>>();
  #stop: () => void = () => {};
  /** When a connection came or went last. */
  #changedAt: number | undefined;

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
    return [...this.#results.keys()];
  }

  /** Milliseconds without any connection; 0 before the first one. */
  silentMs(): number {
    const isQuiet = this.#changedAt !== undefined && this.#sockets.size === 0;
    return isQuiet ? REAL_CLOCK.now() - this.#changedAt! : 0;
  }

  /** What is finished so far. */
  finished(): CaseResult[] {
    return [...this.#results.values()].flatMap((cases) =>
      [...cases.values()].filter((result): result is CaseResult => !(result instanceof Promise)),
    );
  }

  /**
   * Stops serving.
   *
   * @param unnamed the agent to report when there was none.
   * @returns a result for every case of every agent: what was not run has failed.
   */
  close(unnamed?: string): CaseResult[] {
    for (const running of this.#running) running.interrupt();
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    const results = this.finished();
    const agents = unnamed === undefined ? this.agents() : [unnamed];
    return agents.flatMap((agent) =>
      this.#options.entries.map(
        (entry, index) =>
          results.find((result) => result.agent === agent && result.entry === entry) ??
          makeMissingResult(entry, agent, index + 1, 'server', 'The client has not run this case.'),
      ),
    );
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket);
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
      transport.write(
        Buffer.from(isPage ? DRIVER_PAGE : buildRefusal(asked.status, asked.reason)),
        false,
      );
      transport.end();
      return undefined;
    }
    const wish = readWish(asked.target, this.#options.entries);
    switch (wish.kind) {
      case 'refuse':
        transport.write(Buffer.from(buildRefusal(500, wish.reason)), false);
        transport.end();
        return undefined;
      case 'run':
        return this.#runCase(wish, asked, transport);
      default:
        return this.#converse(wish, asked, transport);
    }
  }

  #runCase(
    wish: Extract<ClientWish, { kind: 'run' }>,
    asked: AcceptedOpening,
    transport: Transport,
  ): Conversation {
    const { agent, entry, number } = wish;
    const { id } = entry.case;
    const cases = this.#results.get(agent) ?? new Map<string, CaseResult | Promise<CaseResult>>();
    if (!this.#results.has(agent)) this.#options.say(`${agent} has begun.`);
    this.#results.set(agent, cases);
    let settle: (result: CaseResult) => void = () => {};
    const promise = new Promise<CaseResult>((resolve) => {
      settle = resolve;
    });
    cases.set(id, promise);
    const onResult = (result: CaseResult): void => {
      // A case that was begun anew keeps its newest run.
      if (cases.get(id) === promise) cases.set(id, result);
      settle(result);
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
        const result = await this.#results.get(wish.agent)?.get(wish.entry.case.id);
        return JSON.stringify({ behavior: result?.behavior ?? 'FAILED' });
      }
      case 'update':
        await this.#options.writeReports(this.finished());
        this.#options.say(`Reports are written: ${this.agents().join(', ')}.`);
        return undefined;
      default:
        return undefined;
    }
  }
}
