/**
 * A correct echo peer, written to be broken: naive, literal, and every decision a method of its
 * own.
 *
 * It shares no code with the fuzzer and next to none with the library, so that an error of ours
 * cannot hide behind itself. Each broken peer overrides a method or two; this one must pass every
 * case. Frames are read and written in `frame-end.ts`; here they become messages, pongs and closes.
 */
import { Utf8Validator } from 'barewire/base';
import { FrameEnd, type Header } from './frame-end.ts';

/** The message that is being put together. */
export interface Message {
  readonly isBinary: boolean;
  readonly isCompressed: boolean;
  parts: Buffer[];
  fragments: number;
  octets: number;
}

/** As large as a message may be: the largest of the simulated transfers has a quarter of it. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Echoes. */
export class EchoPeer extends FrameEnd {
  message: Message | undefined;
  readonly utf8 = new Utf8Validator();

  override get hasMessage(): boolean {
    return this.message !== undefined;
  }

  override frameBegins({ opcode, rsv }: Header): void {
    if (opcode === 1 || opcode === 2) {
      this.message = {
        ...{ isBinary: opcode === 2, isCompressed: rsv === 4 },
        ...{ parts: [], fragments: 0, octets: 0 },
      };
      this.utf8.reset();
    }
    if (opcode < 8 && this.message !== undefined) this.message.fragments += 1;
  }

  override pieceArrives(piece: Buffer): void {
    const { message } = this;
    if (message === undefined) return;
    message.parts.push(piece);
    message.octets += piece.length;
    if (this.isTooMuch(message)) {
      this.fail(1009);
      return;
    }
    if (message.isBinary || message.isCompressed || this.state !== 'open') return;
    if (!this.isTextSoFar(piece)) this.fail(1007);
  }

  isTooMuch({ octets }: Message): boolean {
    return octets > MAX_MESSAGE_BYTES;
  }

  isTextSoFar(piece: Buffer): boolean {
    return this.utf8.push(piece) === -1;
  }

  override frameEnds({ fin }: Header): void {
    const { message } = this;
    if (!fin || message === undefined) return;
    this.message = undefined;
    if (this.state !== 'open') return;
    const payload = Buffer.concat(message.parts);
    if (message.isCompressed) this.#inflated(payload, message.isBinary);
    else this.#complete(payload, message.isBinary, this.isTextComplete(payload));
  }

  #inflated(payload: Buffer, isBinary: boolean): void {
    let inflated: Buffer;
    try {
      inflated = this.inflate(payload);
    } catch {
      this.fail(1007);
      return;
    }
    const utf8 = new Utf8Validator();
    this.#complete(inflated, isBinary, utf8.push(inflated) === -1 && utf8.isComplete);
  }

  #complete(payload: Buffer, isBinary: boolean, isText: boolean): void {
    if (isBinary || isText) this.messageArrives(payload, isBinary);
    else this.fail(1007);
  }

  isTextComplete(_payload: Buffer): boolean {
    return this.utf8.isComplete;
  }

  inflate(payload: Buffer): Buffer {
    return this.deflate!.decompress(payload);
  }

  messageArrives(payload: Buffer, isBinary: boolean): void {
    this.echo(payload, isBinary);
  }

  echo(payload: Buffer, isBinary: boolean): void {
    const opcode = isBinary ? 2 : 1;
    if (this.deflate === undefined) this.send(opcode, payload);
    else this.send(opcode, this.deflate.compress(payload), 4);
  }

  override controlArrives(opcode: number, payload: Buffer): void {
    if (opcode === 8) this.closeArrives(payload);
    else if (this.state !== 'open') return;
    else if (opcode === 9) this.pingArrives(payload);
    else if (opcode === 10) this.pongArrives(payload);
  }

  pingArrives(payload: Buffer): void {
    this.send(10, payload);
  }

  pongArrives(_payload: Buffer): void {}

  closeArrives(payload: Buffer): void {
    if (this.state === 'closing') {
      this.hangUp();
      return;
    }
    const code = this.judgeClose(payload);
    if (code !== undefined) {
      this.fail(code);
      return;
    }
    this.state = 'closing';
    this.answerClose(payload);
    this.hangUp();
  }

  /** The close code that a close frame's payload deserves when it is wrong. */
  judgeClose(payload: Buffer): number | undefined {
    if (payload.length === 0) return undefined;
    if (payload.length === 1) return 1002;
    if (!this.isCloseCode(payload.readUInt16BE(0))) return 1002;
    return this.isReason(payload.subarray(2)) ? undefined : 1007;
  }

  isCloseCode(code: number): boolean {
    if (code >= 3000) return code < 5000;
    return code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  }

  isReason(reason: Buffer): boolean {
    const utf8 = new Utf8Validator();
    return utf8.push(reason) === -1 && utf8.isComplete;
  }

  answerClose(payload: Buffer): void {
    this.send(8, payload.subarray(0, 2));
  }

  /** Fails the connection. */
  override fail(code: number): void {
    this.sendClose(code);
    // As client it waits for the server to drop TCP, but reads nothing more of use.
    if (this.role === 'server') this.hangUp();
    this.state = 'done';
  }

  sendClose(code: number): void {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.send(8, payload);
  }

  /** Both close frames were exchanged: the server drops TCP. */
  hangUp(): void {
    this.state = 'done';
    if (this.role === 'server') this.link.end();
  }
}
