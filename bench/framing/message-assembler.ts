/** From frames to whole messages, as plainly as it can be done: for the bench only. */
import { isUtf8 } from 'node:buffer';
import { type ProtocolError, Utf8Validator } from 'barewire/base';
import { copyPayload, type FrameHeader, type FrameSink, OPCODE } from 'barewire/codec';

/** A Buffer with the fast methods that Node's type declarations leave out. */
interface FastBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

const NOTHING = Buffer.alloc(0);

/** Hands on text as strings and binary as Buffers of their own. */
export class MessageAssembler implements FrameSink {
  readonly #onMessage: (data: string | Buffer) => void;
  readonly #validator = new Utf8Validator();
  #isText = false;
  #isControl = false;
  #fin = false;
  /** The message was handed on without gathering. */
  #isDelivered = false;
  /** The message fits into one frame, whose length this is; -1 in a fragmented message. */
  #wholeLength = -1;
  #gathered: FastBuffer | undefined;
  #length = 0;
  #isAscii = true;

  constructor(onMessage: (data: string | Buffer) => void) {
    this.#onMessage = onMessage;
  }

  frame(header: FrameHeader): void {
    this.#isControl = header.opcode >= OPCODE.close;
    if (this.#isControl) return;
    this.#fin = header.fin;
    if (header.opcode === OPCODE.continuation) return;
    this.#isText = header.opcode === OPCODE.text;
    this.#isDelivered = false;
    this.#wholeLength = header.fin ? header.payloadLength : -1;
  }

  payload(bytes: Buffer, start: number, end: number, onlyAscii: boolean, forKeeps: boolean): void {
    if (this.#isControl) return;
    if (end - start === this.#wholeLength) {
      this.#isDelivered = true;
      if (this.#isText) this.#onMessage(readText(bytes as FastBuffer, start, end, onlyAscii));
      else this.#onMessage(forKeeps ? bytes.subarray(start, end) : copyPayload(bytes, start, end));
      return;
    }
    if (this.#isText) this.#check(bytes, start, end, onlyAscii);
    this.#gather(bytes, start, end);
  }

  frameEnd(): void {
    if (this.#isControl || !this.#fin || this.#isDelivered) return;
    if (this.#gathered !== undefined) this.#deliverGathered();
    else this.#onMessage(this.#isText ? '' : copyPayload(NOTHING, 0, 0));
  }

  failed(error: ProtocolError): void {
    throw error;
  }

  #check(bytes: Buffer, start: number, end: number, onlyAscii: boolean): void {
    if (onlyAscii && this.#validator.isComplete) return;
    this.#isAscii = false;
    if (this.#validator.push(bytes, start, end) !== -1) throw new Error('not UTF-8');
  }

  #gather(bytes: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (this.#gathered === undefined || this.#gathered.length < length) {
      const room = Math.max(length * 2, this.#wholeLength, 1024);
      const grown = Buffer.allocUnsafeSlow(this.#wholeLength > 0 ? this.#wholeLength : room);
      this.#gathered?.copy(grown, 0, 0, this.#length);
      this.#gathered = grown as FastBuffer;
    }
    bytes.copy(this.#gathered, this.#length, start, end);
    this.#length = length;
  }

  #deliverGathered(): void {
    const gathered = this.#gathered!;
    const length = this.#length;
    const isAscii = this.#isAscii;
    if (!this.#validator.isComplete) throw new Error('not UTF-8');
    this.#gathered = undefined;
    this.#length = 0;
    this.#isAscii = true;
    this.#onMessage(
      !this.#isText
        ? gathered.subarray(0, length)
        : isAscii
          ? gathered.latin1Slice(0, length)
          : gathered.utf8Slice(0, length),
    );
  }
}

function readText(bytes: FastBuffer, start: number, end: number, onlyAscii: boolean): string {
  if (onlyAscii) return bytes.latin1Slice(start, end);
  if (!isUtf8(bytes.subarray(start, end))) throw new Error('not UTF-8');
  return bytes.utf8Slice(start, end);
}
