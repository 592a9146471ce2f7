/**
 * The end of a connection, carried out: close frames written and answered, deadlines kept, the
 * transport ended in the right order [RFC 6455 §7].
 *
 * ```
 *          our frame leaves        the peer's comes          the transport ends
 *   close ──── closeTimeoutMs ────► ─── closeTimeoutMs ────► ──── endTimeoutMs ────► closed
 * ```
 * The first two are the closing handshake: who misses them is cut and reported with
 * `close-timeout`. The third comes after it: a transport that does not end is cut as well, and that
 * makes nothing unclean [RFC 6455 §7.1.4]. What is remembered of all this, and which step may come
 * when, is known to closing.ts and close-handshake.ts.
 *
 * Each time counts from when output moved last, so that a slow reader gets what was accepted before
 * the close; or from when the message that is just coming grew, for a peer may finish that before
 * it answers [RFC 6455 §5.5.1]. But `maxCloseMs` after the first step nothing is put off any more,
 * or a reader of one byte now and then would never be cut. Nor does a peer that has broken a rule
 * get more time.
 */
import { ProtocolError, UsageError } from '../base/index.ts';
import { encodeClosePayload, NO_STATUS_CODE, OPCODE, parseClosePayload } from '../codec/index.ts';
import { type Awaited, Closing } from './closing.ts';
import type { ConnectionInput } from './connection-input.ts';
import type { ConnectionKind } from './connection-kind.ts';
import type { ConnectionOptions, ConnectionSink } from './connection-options.ts';
import type { ConnectionOutput } from './connection-output.ts';

/** The server did not agree to an extension that the client cannot do without. */
const EXTENSION_MISSING = 1010;

/** What an ending needs to know of its connection. */
export interface EndingOwner {
  readonly kind: Pick<ConnectionKind, 'role' | 'limits'>;
  readonly deflate: ConnectionOptions['deflate'];
  /** The time in ms. */
  now(): number;
}

/** Ends one connection. It is made when somebody first asks to: most connections are not ending. */
export class Ending {
  /** Where it stands. */
  readonly closing = new Closing();
  readonly #sink: ConnectionSink;
  readonly #owner: EndingOwner;
  readonly #input: ConnectionInput;
  readonly #output: ConnectionOutput;
  /** Close frames went both ways. */
  #isClean = false;
  #hasPeerEnded = false;
  #isCut = false;

  constructor(
    sink: ConnectionSink,
    owner: EndingOwner,
    input: ConnectionInput,
    output: ConnectionOutput,
  ) {
    this.#sink = sink;
    this.#owner = owner;
    this.#input = input;
    this.#output = output;
  }

  /** Throws what {@link close} would throw, and does nothing else. */
  check(code: number | undefined, reason: string): void {
    encodeClosePayload(code, reason);
    // A server that misses an extension refuses the handshake instead [RFC 6455 §7.4.1].
    if (code === EXTENSION_MISSING && this.#owner.kind.role === 'server') {
      throw new UsageError('invalid-close-code', '1010 is a code for clients');
    }
  }

  /** We close, behind what was accepted before. */
  close(code: number | undefined, reason: string): void {
    this.check(code, reason);
    const { closing } = this;
    if (!closing.isOpen) return;
    closing.begin('us');
    this.#await('our-close');
    this.#output.closeAfterQueue(() => this.#write(code, reason));
    this.#input.readOn();
  }

  /**
   * The peer's close frame came.
   *
   * @throws ProtocolError for a payload that breaks a rule.
   */
  receiveClose(payload: Buffer): void {
    const { closing } = this;
    const close = parseClosePayload(payload);
    closing.heard(close);
    closing.begin('peer');
    this.#input.stop();
    const isReply = closing.state === 'close-sent';
    closing.move('receive-close');
    if (isReply) return this.#exchanged();
    // Ours may be on its way already, behind what was accepted before it.
    if (closing.awaited === 'our-close') return;
    this.#await('our-close');
    const code = close.code === NO_STATUS_CODE ? undefined : close.code;
    this.#output.closeAfterQueue(() => this.#write(code, ''));
  }

  /** Called by the queue, once, in our frame's turn; a queue that was stopped calls nobody. */
  #write(code: number | undefined, reason: string): void {
    const { closing } = this;
    closing.sentCode = code;
    this.#output.control(OPCODE.close, encodeClosePayload(code, reason));
    const wasReceived = closing.state === 'close-received';
    closing.move('send-close');
    if (wasReceived) this.#exchanged();
    else this.#await('peer-close');
  }

  /** Both close frames have passed: the server ends the transport first [RFC 6455 §7.1.1]. */
  #exchanged(): void {
    this.#isClean = true;
    this.#stop();
    if (this.#owner.kind.role === 'client' && !this.#hasPeerEnded) return;
    this.#output.flush();
    this.#sink.endTransport();
  }

  /** Nothing is read or accepted any more; all that is left to wait for is the transport. */
  #stop(): void {
    this.#input.stop();
    this.#output.stop();
    this.#await('transport-end');
  }

  /** Waits for the next step, and looks at the output from here on. */
  #await(what: Awaited): void {
    if (this.closing.awaited === what) return;
    this.closing.await(what, this.#owner.now());
    this.#output.look();
  }

  /** See {@link Connection.fail}. */
  fail(error: ProtocolError): void {
    const { closing } = this;
    if (!closing.allows('fail')) return;
    closing.error = error;
    const { isWritable } = closing;
    this.#stop();
    this.#owner.deflate?.close();
    if (isWritable && error.closeCode !== undefined) {
      closing.sentCode = error.closeCode;
      this.#output.control(OPCODE.close, encodeClosePayload(error.closeCode, error.code));
    }
    closing.move('fail');
    closing.begin('us');
    this.#output.flush();
    this.#sink.endTransport();
  }

  /** Fails for a peer that is dead: nobody is there to be waited for. */
  giveUp(error: ProtocolError): void {
    this.fail(error);
    if (this.closing.state !== 'closed') this.#cut();
  }

  /** Cuts the transport. */
  terminate(): void {
    if (this.closing.state === 'closed') return;
    this.closing.begin('us');
    this.#stop();
    this.#cut();
  }

  /** The peer has ended its side of the transport. */
  receiveEnd(): void {
    const { closing } = this;
    if (closing.state === 'closed') return;
    if (closing.isReadable && !this.#input.takeEnd()) return;
    this.#hasPeerEnded = true;
    // The peer has said all that it had to, and may still read our answer.
    if (closing.state === 'close-received') return;
    // An end without a close frame is abnormal [RFC 6455 §7.1.5], but not our failure to report.
    this.#stop();
    this.#sink.endTransport();
  }

  /** The transport is gone, for which reason if it knows one. */
  transportClosed(transportError: Error | undefined): void {
    if (!this.closing.move('transport-gone')) return;
    this.#stop();
    this.#output.discard();
    this.#owner.deflate?.close();
    const atMs = this.#owner.now();
    this.#sink.closed(this.closing.report(transportError, this.#isClean, atMs));
  }

  /** Cuts what takes too long to end. */
  tick(nowMs: number): void {
    const { closing } = this;
    // A transport that was cut a tick ago and has not said that it is gone will never say so.
    if (this.#isCut) return this.transportClosed(undefined);
    const isSaid = closing.awaited === 'transport-end';
    if (this.#hasMoved(nowMs)) closing.waitOn(nowMs);
    const { endTimeoutMs, closeTimeoutMs } = this.#owner.kind.limits;
    const limitMs = isSaid ? endTimeoutMs : closeTimeoutMs;
    if (closing.waitedMs(nowMs) < limitMs) return;
    if (!isSaid) closing.error ??= new ProtocolError('close-timeout', `${limitMs} ms`);
    this.#stop();
    this.#cut();
  }

  /** Whether something has moved, and may still put off the end. */
  #hasMoved(nowMs: number): boolean {
    // Both are asked: each looks anew.
    const goes = this.#output.look() !== 'none';
    const comes = this.#input.hasGrown();
    if (!(goes || comes) || this.closing.state === 'failed') return false;
    return this.closing.lastedMs(nowMs) < this.#owner.kind.limits.maxCloseMs;
  }

  #cut(): void {
    this.#isCut = true;
    this.#output.discard();
    this.#sink.abortTransport();
  }
}
