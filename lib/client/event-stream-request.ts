/**
 * One connection of an event source: a request, its response, and the events in it [HTML §9.2.2].
 *
 * ```
 *   dial ─► GET ─► 200 text/event-stream ─► events … ─► the end
 *    ▲                └─► 3xx ─┐  └─► anything else: refused
 *    └──── redirect ◄──────────┘
 * ```
 * It connects once: whether and when to come back is the event source's business.
 */
import type { Duplex } from 'node:stream';
import { ProtocolError } from '../base/index.ts';
import { type ResponseHead, ResponseReader } from '../http/index.ts';
import { unlessAborted } from '../peer/index.ts';
import { type EventStreamEvent, EventStreamReader } from '../sse/index.ts';
import { withDeadline } from './deadline.ts';
import { dial, resolveAddress } from './dial.ts';
import { type EventStreamPlan, formatRequest } from './event-stream-plan.ts';
import { HandshakeRefused } from './handshake-refused.ts';
import { followRedirect, type Hop, notFollowed } from './redirect.ts';
import { IGNORE } from './sockets.ts';
import type { ClientWorld } from './world.ts';

/** Where one connection reports to. */
export interface EventStreamListener {
  /** The stream begins; `origin` is where redirects led to. */
  opened(origin: string): void;
  event(event: EventStreamEvent): void;
  /** The server sets the reconnection time. */
  retry(ms: number): void;
}

/**
 * Asks for an event stream.
 *
 * @param signal gives the attempt up, and cuts the stream that came of it.
 * @returns the response that has begun. Rejects with a HandshakeRefused for any answer but an event
 *   stream, with a ProtocolError, the system's error, or the signal's reason.
 */
export function openEventStream(
  plan: EventStreamPlan,
  lastEventId: string,
  listener: EventStreamListener,
  signal: AbortSignal,
  world: ClientWorld,
): Promise<EventStreamResponse> {
  const { timeoutMs } = plan;
  return withDeadline({ options: { signal }, timeoutMs }, world, async (attemptSignal) => {
    let { hop } = plan;
    for (let redirects = 0; ; redirects += 1) {
      const response = await ask(plan, hop, lastEventId, listener, attemptSignal);
      try {
        await unlessAborted(response.begun, attemptSignal);
        return response;
      } catch (error) {
        response.cut();
        const next = error instanceof HandshakeRefused ? followRedirect(hop, error) : undefined;
        if (next === undefined || plan.maxRedirects === 0) throw error;
        if (redirects === plan.maxRedirects) {
          throw notFollowed(error as HandshakeRefused, 'too many redirects');
        }
        hop = next;
      }
    }
  });
}

async function ask(
  { options }: EventStreamPlan,
  hop: Hop,
  lastEventId: string,
  listener: EventStreamListener,
  signal: AbortSignal,
): Promise<EventStreamResponse> {
  const resolved = await unlessAborted(resolveAddress(hop.address, options), signal);
  const stream = await dial(hop.address, resolved, { ...options, tls: hop.tls }, signal);
  const { maxEventBytes } = options;
  const response = new EventStreamResponse(stream, hop.address.origin, listener, {
    lastEventId,
    maxEventBytes,
  });
  stream.write(formatRequest(hop, lastEventId), 'latin1');
  return response;
}

/** A response that is read, event by event. */
export class EventStreamResponse {
  /** Resolves when the stream begins. Rejects when it does not. */
  readonly begun: Promise<void>;
  /** Resolves at the end of the stream. Rejects when it breaks off. */
  readonly ended: Promise<void>;
  /** Bytes have come since somebody last said no. */
  hasHeard = false;
  readonly #stream: Duplex;
  readonly #origin: string;
  readonly #listener: EventStreamListener;
  readonly #response: ResponseReader;
  readonly #events: EventStreamReader;
  #begin: () => void = IGNORE;
  #end: () => void = IGNORE;
  readonly #fails: ((error: Error) => void)[] = [];
  #isPaused = false;
  /** What ended the stream while it was paused. */
  #pending: (() => void) | undefined;

  /** Listens to the stream from now on. */
  constructor(
    stream: Duplex,
    origin: string,
    listener: EventStreamListener,
    options: { readonly lastEventId: string; readonly maxEventBytes?: number | undefined },
  ) {
    this.#stream = stream;
    this.#origin = origin;
    this.#listener = listener;
    this.begun = this.#promise((resolve) => {
      this.#begin = resolve;
    });
    this.ended = this.#promise((resolve) => {
      this.#end = resolve;
    });
    const failed = (error: ProtocolError): void => this.#fail(error);
    this.#events = new EventStreamReader(
      { event: (event) => listener.event(event), retry: (ms) => listener.retry(ms), failed },
      options,
    );
    // A stream of events has no end that could be too far away.
    this.#response = new ResponseReader(
      {
        head: (head) => this.#readHead(head),
        body: (bytes) => this.#events.receive(bytes),
        end: () => this.#finish(),
        failed,
      },
      { maxBodyBytes: Number.POSITIVE_INFINITY },
    );
    this.#response.expect('GET');
    this.#listen();
  }

  #promise(executor: (resolve: () => void) => void): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      executor(resolve);
      this.#fails.push(reject);
    });
    // Whoever wants to know asks; nobody has to.
    promise.catch(IGNORE);
    return promise;
  }

  /** The position to name when connecting again. */
  get lastEventId(): string {
    return this.#events.lastEventId;
  }

  /** Delivers nothing until {@link resume}; flow control slows the server down. */
  pause(): void {
    this.#isPaused = true;
    this.#events.pause();
    this.#stream.pause();
  }

  /** Goes on, first with what has come already. */
  resume(): void {
    this.#isPaused = false;
    this.#events.resume();
    if (this.#isPaused) return;
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined) this.#stream.resume();
    else pending();
  }

  /** Ends the connection; nothing is delivered any more. */
  cut(): void {
    this.#events.stop();
    this.#response.pause();
    this.#stream.destroy();
  }

  /** Breaks the stream off, for this reason. */
  giveUp(error: Error): void {
    this.#fail(error);
    this.cut();
  }

  #listen(): void {
    const stream = this.#stream;
    stream.on('data', (bytes: Buffer) => {
      this.hasHeard = true;
      this.#response.receive(bytes);
    });
    stream.on('error', (error: Error) => this.#fail(error));
    const end = (): void => {
      this.#response.receiveEnd();
      this.#fail(new ProtocolError('premature-eof', 'no response'));
    };
    stream.on('end', end);
    stream.on('close', end);
    if (stream.destroyed) end();
  }

  #readHead(head: ResponseHead): void {
    if (head.isInterim) return; // Any number of them may precede the answer [RFC 9110 §15.2].
    const complaint = complaintAbout(head);
    if (complaint !== undefined) {
      return this.#fail(new HandshakeRefused('server', head, Buffer.alloc(0), complaint));
    }
    this.#listener.opened(this.#origin);
    this.#begin();
  }

  #finish(): void {
    this.#conclude(() => {
      this.#events.receiveEnd();
      this.#end();
    });
  }

  #fail(error: Error): void {
    this.#conclude(() => {
      for (const reject of this.#fails) reject(error);
    });
  }

  /** What has come is delivered before the end is. */
  #conclude(conclusion: () => void): void {
    if (this.#isPaused) this.#pending ??= conclusion;
    else conclusion();
  }
}

/** Why a response is no event stream; `undefined` when it is one, "" when the status says it. */
function complaintAbout({ status, fields }: ResponseHead): string | undefined {
  if (status !== 200) return '';
  const type = fields.get('content-type') ?? 'no type';
  // Parameters mean nothing: an event stream is UTF-8, whatever they say [HTML §9.2.1].
  if (!/^[\t ]*text\/event-stream[\t ]*(?:;|$)/i.test(type)) return `no event stream: ${type}`;
  const coding = fields.get('content-encoding') ?? 'identity';
  return /^identity$/i.test(coding) ? undefined : `encoded with ${coding}`;
}
