/**
 * One case with the fuzzer as client: connect, open, run, judge. A connection a case, nothing
 * shared.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { encodeHandshakeKey } from 'barewire/handshake';
import { CaseRun } from './case-run.ts';
import type { CatalogueEntry } from './cases/index.ts';
import { REAL_CLOCK } from './clock.ts';
import { noCloseFacts } from './close-facts.ts';
import { MessageDeflate } from './message-deflate.ts';
import { buildRequest, ClientOpening, type OpeningResult, type Target } from './opening.ts';
import type { Transport } from './peer-parts.ts';
import { type CaseResult, makeResult } from './result.ts';
import { attachSocket } from './socket-transport.ts';
import { failedOpening, judge, type Verdict } from './verdict.ts';
import { WireLog } from './wire-log.ts';

/** Seconds for the opening handshake, TCP included. */
const OPENING_SECONDS = 5;

/** What a run of a case may be told. */
export interface ClientCaseOptions {
  /** The name in reports; the `Server` field when `undefined`. */
  readonly agent?: string | undefined;
  /** Ends the case at once: it counts as failed. */
  readonly signal?: AbortSignal | undefined;
}

/** A finished case, and whether the target answered at all. */
export interface ClientCaseOutcome {
  readonly result: CaseResult;
  /** There was an HTTP answer, whatever it said. */
  readonly hasAnswered: boolean;
  /** The opening handshake succeeded. */
  readonly hasOpened: boolean;
}

/** Makes a TCP or TLS connection. */
export function openSocket(target: Target): Socket {
  const { host, port } = target;
  return target.isSecure
    ? connectTls({
        ...{ host, port, rejectUnauthorized: target.isInsecure !== true },
        // An address is not a name that a server could look up a certificate by [RFC 6066 §3].
        ...(isIP(host) === 0 ? { servername: host } : {}),
      })
    : connectTcp({ host, port });
}

/** Runs one case against a server. Never rejects: whatever goes wrong is a verdict. */
export function runClientCase(
  entry: CatalogueEntry,
  target: Target,
  options: ClientCaseOptions = {},
): Promise<ClientCaseOutcome> {
  return new Promise((resolve) => {
    new ClientCase(entry, target, options, resolve).start();
  });
}

class ClientCase {
  readonly #entry: CatalogueEntry;
  readonly #target: Target;
  readonly #options: ClientCaseOptions;
  readonly #resolve: (outcome: ClientCaseOutcome) => void;
  readonly #log: WireLog;
  readonly #started = new Date();
  /** Where the duration begins: with the connection once it is open. */
  #countedFrom = REAL_CLOCK.now();
  #request = '';
  #opening: OpeningResult | undefined;
  #wasTimeout = false;
  #run: CaseRun | undefined;
  #onAbort: (() => void) | undefined;
  #isDone = false;

  constructor(
    entry: CatalogueEntry,
    target: Target,
    options: ClientCaseOptions,
    resolve: (outcome: ClientCaseOutcome) => void,
  ) {
    this.#entry = entry;
    this.#target = target;
    this.#options = options;
    this.#resolve = resolve;
    this.#log = new WireLog(REAL_CLOCK.now, entry.case.isHeavy === true);
  }

  start(): void {
    const key = encodeHandshakeKey(randomBytes(16));
    const offer = this.#entry.case.compression?.offer;
    const socket = openSocket(this.#target);
    const isTested = this.#entry.case.opening?.request !== undefined;
    const built = buildRequest(this.#target, key, offer);
    this.#request = this.#entry.case.opening?.request?.edit(built) ?? built;
    const { protocols } = this.#target;
    const opening = new ClientOpening({ key, offer, protocols }, (result) => {
      clearTimeout(timer);
      this.#opening = result;
      if (isTested) this.#judgeOpening(result, transport);
      else if (result.ok) this.#open(result, transport);
      else this.#fail(result.reason, transport);
    });
    const timer = setTimeout(() => {
      this.#wasTimeout = true;
      opening.giveUp(`No opening handshake within ${OPENING_SECONDS} seconds.`);
    }, OPENING_SECONDS * 1000);
    const transport = attachSocket(socket, {
      received: (bytes) => {
        if (this.#run !== undefined) this.#run.peer.receive(bytes);
        else {
          this.#log.octets(false, bytes);
          opening.receive(bytes);
        }
      },
      gone: (reason) => {
        const run = this.#run;
        if (run !== undefined) run.peer.receiveEnd(reason);
        else opening.giveUp(reason ?? 'The target closed the connection during the handshake.');
      },
    });
    socket.once(this.#target.isSecure ? 'secureConnect' : 'connect', () => {
      const bytes = Buffer.from(this.#request, 'latin1');
      this.#log.octets(true, bytes);
      transport.write(bytes, false);
    });
    this.#onAbort = () => this.#abort(transport);
    this.#options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  #open(opened: Extract<OpeningResult, { ok: true }>, transport: Transport): void {
    this.#countedFrom = REAL_CLOCK.now();
    const { agreed, rest } = opened;
    const run = new CaseRun(
      this.#entry.case,
      {
        role: 'client',
        clock: REAL_CLOCK,
        log: this.#log,
        transport,
        nextMaskingKey: () => randomInt(2 ** 32),
        deflate:
          agreed && new MessageDeflate('client', agreed, this.#entry.case.compression?.series),
      },
      () =>
        this.#finish(judge(this.#entry.case, 'client', run.events, run.decision, run.peer.facts)),
    );
    this.#run = run;
    run.open();
    if (rest.length > 0) run.peer.receive(rest);
  }

  #judgeOpening({ status, httpResponse }: OpeningResult, transport: Transport): void {
    const answer = { status, head: httpResponse, wasTimeout: this.#wasTimeout };
    const [behavior, because] = this.#entry.case.opening!.request!.judge(answer);
    this.#finish({
      behavior,
      behaviorClose: 'OK',
      result: because,
      resultClose: 'The handshake is what was tested.',
    });
    transport.abort();
  }

  #fail(reason: string, transport: Transport): void {
    this.#log.note(reason);
    this.#finish(failedOpening(this.#entry.case, reason));
    transport.abort();
  }

  #abort(transport: Transport): void {
    if (this.#isDone) return;
    this.#log.note('Interrupted.');
    this.#finish(failedOpening(this.#entry.case, 'Interrupted before its end.'));
    transport.abort();
  }

  #finish(verdict: Verdict): void {
    if (this.#isDone) return;
    this.#isDone = true;
    if (this.#onAbort !== undefined) {
      this.#options.signal?.removeEventListener('abort', this.#onAbort);
    }
    const opening = this.#opening;
    const run = this.#run;
    const result = makeResult({
      agent: this.#options.agent ?? opening?.serverName ?? 'UnknownServer',
      entry: this.#entry,
      number: this.#entry.number,
      role: 'client',
      started: this.#started,
      duration: REAL_CLOCK.now() - this.#countedFrom,
      verdict,
      events: run?.events ?? [],
      facts: run?.peer.facts ?? noCloseFacts(),
      wasOpenHandshakeTimeout: this.#wasTimeout,
      httpRequest: this.#request,
      httpResponse: opening?.httpResponse ?? '',
      peer: run?.peer,
      log: this.#log,
    });
    this.#resolve({
      result,
      hasAnswered: opening?.status !== undefined,
      hasOpened: opening?.ok === true,
    });
  }
}
