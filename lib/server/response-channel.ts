/**
 * The way of a response body from the application to the wire, framed as its head promised.
 *
 * Bodies of all endings leave here, so this is where writing stops when the client is gone: nothing
 * throws, nothing is kept, `false` comes back.
 */
import type { FieldsInit, ResponseWriter } from '../http/index.ts';
import { DrainGate } from './drain-gate.ts';
import { shareText } from './shared-text.ts';
import type { SocketPump } from './socket-pump.ts';

/** One response's body on its way. */
export class ResponseChannel {
  readonly #pump: SocketPump;
  readonly #writer: ResponseWriter;
  readonly #gate = new DrainGate();
  readonly #onEnd: () => void;
  #isOpen: boolean;

  /** @param onEnd called once, when the last byte of the response was written. */
  constructor(pump: SocketPump, writer: ResponseWriter, onEnd: () => void) {
    this.#pump = pump;
    this.#writer = writer;
    this.#onEnd = onEnd;
    this.#isOpen = !pump.isGone && !writer.isEnded;
    if (!this.#isOpen) this.#gate.close();
  }

  /** True while body bytes can be written. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Output in bytes that has not left this process, earlier responses included. */
  get bufferedBytes(): number {
    return this.#isOpen ? this.#pump.bufferedBytes : 0;
  }

  /** Whether writing had better wait for {@link drained}. */
  get isCongested(): boolean {
    return this.#isOpen && this.#pump.isCongested;
  }

  /** Writes body bytes, which must not change from now on. False: the client is gone. */
  write(data: string | Uint8Array): boolean {
    if (!this.#isOpen || !this.#pump.admits()) return false;
    const byteLength = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
    if (byteLength === 0) return true;
    this.#writeFramed(this.#writer.beforeData(byteLength), data, this.#writer.afterData);
    return !this.#pump.isGone;
  }

  /** As {@link write}, for text that other responses get in this turn as well. */
  writeShared(text: string): boolean {
    if (!this.#isOpen || !this.#pump.admits()) return false;
    if (text === '') return true;
    const shared = shareText(text);
    const before = this.#writer.beforeData(shared.byteLength);
    const after = this.#writer.afterData;
    const bytes = shared.framed(before, after);
    if (bytes === undefined) this.#writeFramed(before, text, after);
    else this.#pump.write(bytes);
    return !this.#pump.isGone;
  }

  /** Sends what has been written now, instead of at the end of the turn. */
  flush(): void {
    this.#pump.flush();
  }

  /** Resolves with true when there is room, at once if there is; with false when it is over. */
  drained(): Promise<boolean> {
    return this.#gate.wait(this.isCongested);
  }

  /**
   * Ends the response.
   *
   * @throws UsageError as `ResponseWriter.end`; the response goes on then.
   */
  end(trailers?: FieldsInit): boolean {
    if (!this.#isOpen) return false;
    const ending = this.#writer.end(trailers);
    if (ending !== '') this.#pump.writeText(ending, 'latin1');
    this.close();
    this.#onEnd();
    return true;
  }

  /** There is room again. */
  release(): void {
    this.#gate.release();
  }

  /** Nothing can be written any more. */
  close(): void {
    this.#isOpen = false;
    this.#gate.close();
  }

  #writeFramed(before: string, data: string | Uint8Array, after: string): void {
    if (before !== '') this.#pump.writeText(before, 'latin1');
    if (typeof data === 'string') this.#pump.writeText(data, 'utf8');
    else this.#pump.write(data);
    if (after !== '') this.#pump.writeText(after, 'latin1');
  }
}
