/**
 * The lower half of the echo peer: frames in, frames out, and the law of frames.
 *
 * Naive and literal on purpose: see `echo-peer.ts`.
 */
import type { Role } from '../model.ts';
import type { SyncDeflate } from './sync-deflate.ts';

/** What a peer may do to its connection. */
export interface PeerLink {
  write(bytes: Buffer): void;
  end(): void;
  /** Calls `run` after some milliseconds. */
  later(ms: number, run: () => void): void;
}

/** A header as it was read. */
export interface Header {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly mask: Buffer | undefined;
  readonly length: number;
  readonly form: 7 | 16 | 64;
  readonly size: number;
}

/** Reads and writes frames. */
export abstract class FrameEnd {
  readonly role: Role;
  readonly link: PeerLink;
  readonly deflate: SyncDeflate | undefined;
  /** `closing`: our close frame is out. `done`: nothing more is read. */
  state: 'open' | 'closing' | 'done' = 'open';
  /** False: what comes is left lying in the kernel. */
  isReading = true;
  /** A message has begun and not ended. */
  abstract readonly hasMessage: boolean;
  #bytes = Buffer.alloc(0);
  #header: Header | undefined;
  /** Payload octets of the current frame that have been taken. */
  #taken = 0;
  #control: Buffer[] = [];

  constructor(role: Role, link: PeerLink, deflate: SyncDeflate | undefined) {
    this.role = role;
    this.link = link;
    this.deflate = deflate;
  }

  abstract frameBegins(header: Header): void;
  abstract pieceArrives(piece: Buffer): void;
  abstract frameEnds(header: Header): void;
  abstract controlArrives(opcode: number, payload: Buffer): void;
  abstract fail(code: number): void;

  /** Whether the next octet begins a frame. */
  get isBetweenFrames(): boolean {
    return this.#header === undefined && this.#bytes.length === 0;
  }

  receive(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    while (this.state !== 'done' && this.#step());
  }

  /** The fuzzer has dropped TCP. */
  receiveEnd(): void {
    this.state = 'done';
    this.link.end();
  }

  #step(): boolean {
    if (this.#header === undefined) {
      const header = this.readHeader(this.#bytes);
      if (header === undefined) return false;
      this.#bytes = this.#bytes.subarray(header.size);
      const code = this.state === 'open' ? this.judge(header) : undefined;
      if (code !== undefined) {
        this.fail(code);
        return false;
      }
      this.#header = header;
      this.#taken = 0;
      this.#control = [];
      this.frameBegins(header);
    }
    return this.#takePayload(this.#header);
  }

  #takePayload(header: Header): boolean {
    const wanted = header.length - this.#taken;
    const isEmptyFrame = header.length === 0;
    if (this.#bytes.length === 0 && !isEmptyFrame) return false;
    const piece = Buffer.from(this.#bytes.subarray(0, wanted));
    this.#bytes = this.#bytes.subarray(piece.length);
    if (header.mask !== undefined) this.unmask(piece, header.mask, this.#taken);
    this.#taken += piece.length;
    if (header.opcode >= 8) this.#control.push(piece);
    else this.pieceArrives(piece);
    if (this.state === 'done' || this.#taken < header.length) return false;
    this.#header = undefined;
    if (header.opcode >= 8) this.controlArrives(header.opcode, Buffer.concat(this.#control));
    else this.frameEnds(header);
    return true;
  }

  readHeader(bytes: Buffer): Header | undefined {
    if (bytes.length < 2) return undefined;
    const code = bytes[1]! & 0x7f;
    const form = code < 126 ? 7 : code === 126 ? 16 : 64;
    const lengthEnd = form === 7 ? 2 : form === 16 ? 4 : 10;
    const isMasked = bytes[1]! >= 0x80;
    const size = lengthEnd + (isMasked ? 4 : 0);
    if (bytes.length < size) return undefined;
    const length =
      form === 7 ? code : form === 16 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    return {
      fin: bytes[0]! >= 0x80,
      rsv: (bytes[0]! >> 4) & 7,
      opcode: bytes[0]! & 15,
      mask: isMasked ? Buffer.from(bytes.subarray(lengthEnd, size)) : undefined,
      length,
      form,
      size,
    };
  }

  unmask(piece: Buffer, mask: Buffer, offset: number): void {
    for (let at = 0; at < piece.length; at += 1) piece[at]! ^= mask[(offset + at) & 3]!;
  }

  /** The close code that a header deserves, `undefined` when it is right. */
  judge(header: Header): number | undefined {
    return (
      this.judgeOpcode(header) ??
      this.judgeRsv(header) ??
      this.judgeMask(header) ??
      this.judgeLength(header) ??
      this.judgeOrder(header)
    );
  }

  judgeOpcode({ opcode }: Header): number | undefined {
    return [0, 1, 2, 8, 9, 10].includes(opcode) ? undefined : 1002;
  }

  judgeRsv({ rsv, opcode }: Header): number | undefined {
    if (rsv === 4 && this.deflate !== undefined && (opcode === 1 || opcode === 2)) return undefined;
    return rsv === 0 ? undefined : 1002;
  }

  judgeMask({ mask }: Header): number | undefined {
    return (mask !== undefined) === (this.role === 'server') ? undefined : 1002;
  }

  judgeLength({ opcode, length, form }: Header): number | undefined {
    if (opcode >= 8 && length > 125) return 1002;
    const shortest = length < 126 ? 7 : length < 65_536 ? 16 : 64;
    return form === shortest && Number.isSafeInteger(length) ? undefined : 1002;
  }

  judgeOrder({ opcode, fin }: Header): number | undefined {
    if (opcode >= 8) return fin ? undefined : 1002;
    return (opcode === 0) === this.hasMessage ? undefined : 1002;
  }

  send(opcode: number, payload: Buffer, rsv = 0, fin = true): void {
    this.link.write(this.buildFrame(opcode, payload, rsv, fin));
  }

  buildFrame(opcode: number, payload: Buffer, rsv: number, fin: boolean): Buffer {
    const { length } = payload;
    const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
    head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
    head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
    if (head.length === 4) head.writeUInt16BE(length, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
    if (this.role === 'server') return Buffer.concat([head, payload]);
    head[1]! |= 0x80;
    const mask = this.maskingKey();
    const body = Buffer.from(payload);
    this.unmask(body, mask, 0);
    return Buffer.concat([head, mask, body]);
  }

  maskingKey(): Buffer {
    return Buffer.from([0x12, 0x34, 0x56, 0x78]);
  }
}
