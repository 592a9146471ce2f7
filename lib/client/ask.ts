/**
 * One request, one response, on a stream that may then become something else: the opening handshake
 * and a proxy's CONNECT have that in common.
 *
 * ```
 *   request ──►  1xx … ──► 101, or 2xx to CONNECT ──► the stream goes back, with the rest
 *                     └──► anything else          ──► its head, and the first bytes of its body
 * ```
 * Nothing is written behind the request [RFC 6455 §4.1]. The response is read as strictly as a
 * server reads requests: by `barewire/http`.
 */
import type { Duplex } from 'node:stream';
import { ProtocolError } from '../base/index.ts';
import { type ResponseHead, ResponseReader } from '../http/index.ts';
import { IGNORE } from './sockets.ts';

/** What was answered. */
export interface Answer {
  readonly head: ResponseHead;
  /** The first bytes of the body; empty when the stream changes its protocol. */
  readonly body: Buffer;
  /** Bytes behind the head that belong to the new protocol; empty when there is none. */
  readonly rest: Buffer;
}

/** So much of a refusal's body is kept: enough for a message, too little to be a burden. */
const MAX_BODY_BYTES = 4096;
const EMPTY: Buffer = Buffer.alloc(0);

/**
 * Sends a request without a body and reads its response. Afterwards the stream is paused and has no
 * listener of ours but one that keeps its errors from being unhandled.
 *
 * @param request the head with its empty line, in Latin-1.
 * @returns rejects with what broke the stream, a ProtocolError when the response breaks a rule or
 *   does not come, or the signal's reason. The stream is then still to be destroyed.
 */
export function ask(
  stream: Duplex,
  request: string,
  method: 'GET' | 'CONNECT',
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    new Asking(stream, method, signal, resolve, reject).begin(request);
  });
}

class Asking {
  readonly #stream: Duplex;
  readonly #signal: AbortSignal;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #reader: ResponseReader;
  #head: ResponseHead | undefined;
  #body = EMPTY;

  constructor(
    stream: Duplex,
    method: 'GET' | 'CONNECT',
    signal: AbortSignal,
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ) {
    this.#stream = stream;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    const sink = {
      head: (head: ResponseHead) => this.#readHead(head),
      body: (bytes: Buffer) => this.#readBody(bytes),
      end: () => this.#answer(EMPTY),
      failed: (error: ProtocolError) => this.#fail(error),
    };
    // Only the first bytes of a body are kept, so that it may be as long as it likes.
    this.#reader = new ResponseReader(sink, { maxBodyBytes: Number.POSITIVE_INFINITY });
    this.#reader.expect(method);
  }

  begin(request: string): void {
    const stream = this.#stream;
    // Stays for ever: a stream may fail at any time until somebody else looks after it.
    stream.on('error', IGNORE);
    if (this.#signal.aborted) return this.#fail(this.#signal.reason);
    if (stream.destroyed) return this.#receiveEnd();
    this.#signal.addEventListener('abort', this.#abort);
    stream.on('error', this.#fail);
    stream.on('data', this.#receive);
    stream.on('end', this.#receiveEnd);
    stream.on('close', this.#receiveEnd);
    stream.write(request, 'latin1');
    // An earlier request on this stream, to a proxy, has left it paused.
    stream.resume();
  }

  readonly #receive = (bytes: Buffer): void => this.#reader.receive(bytes);

  readonly #receiveEnd = (): void => {
    this.#reader.receiveEnd();
    this.#fail(new ProtocolError('premature-eof', 'no response'));
  };

  readonly #abort = (): void => this.#fail(this.#signal.reason);

  #readHead(head: ResponseHead): void {
    if (head.isInterim) return; // Any number of them may precede the answer [RFC 9110 §15.2].
    this.#head = head;
    if (head.isUpgrade) this.#answer(this.#reader.handOver());
  }

  #readBody(bytes: Buffer): void {
    const room = MAX_BODY_BYTES - this.#body.length;
    this.#body = Buffer.concat([this.#body, bytes.subarray(0, room)]);
    if (this.#body.length === MAX_BODY_BYTES) this.#answer(EMPTY);
  }

  #answer(rest: Buffer): void {
    this.#release();
    this.#resolve({ head: this.#head!, body: this.#body, rest });
  }

  /** A body that breaks off does not make its head untrue. */
  readonly #fail = (error: unknown): void => {
    if (this.#head !== undefined) return this.#answer(EMPTY);
    this.#release();
    this.#reject(error);
  };

  #release(): void {
    const stream = this.#stream;
    stream.pause();
    stream.off('error', this.#fail);
    stream.off('data', this.#receive);
    stream.off('end', this.#receiveEnd);
    stream.off('close', this.#receiveEnd);
    this.#signal.removeEventListener('abort', this.#abort);
    this.#reader.pause();
  }
}
