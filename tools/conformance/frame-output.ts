/**
 * Frames on their way out: built, masked, logged, and handed to the queue of writes.
 *
 * Whatever a case asks for is written, legal or not; only the mask is ours: as client every frame
 * has a key of its own, as server none has one [RFC 6455 §5.1], unless the case says otherwise.
 */
import { encodeFrame, frameHeaderLength, maskInto } from 'barewire/codec';
import type { FrameStep } from './model.ts';
import type { PeerParts } from './peer-parts.ts';
import { expand } from './script.ts';
import { SendQueue } from './send-queue.ts';

/** A frame to write: an opcode and a payload, and whatever shall be unusual. */
export type FrameToWrite = Pick<FrameStep, 'opcode' | 'payload'> &
  Partial<Omit<FrameStep, 'do' | 'opcode' | 'payload'>>;

/** Writes frames. */
export class FrameOutput {
  readonly #parts: PeerParts;
  readonly #queue: SendQueue;
  /** Of the frame that is written in pieces: its key, and how much of it has been written. */
  #openFrame = { maskingKey: undefined as number | undefined, written: 0 };

  constructor(parts: PeerParts) {
    this.#parts = parts;
    this.#queue = new SendQueue(parts.clock, (bytes, sync) => {
      parts.log.octets(true, bytes, sync);
      parts.transport.write(bytes, sync);
    });
  }

  /** Queues one frame. */
  frame(frame: FrameToWrite): void {
    const { opcode, fin = true, rsv = 0, chop, sync, lengthForm, announcedLength } = frame;
    const payload = expand(frame.payload);
    const maskingKey = this.#maskingKey(frame);
    const bytes = encodeFrame(
      { opcode, payload, fin, rsv, maskingKey, lengthForm, announcedLength },
      { allowIllegal: true },
    );
    const isRepeated = frame.payload.pattern.length !== payload.length;
    this.#parts.log.frame(
      true,
      {
        fin,
        rsv,
        opcode,
        masked: maskingKey !== undefined,
        maskingKey: maskingKey ?? 0,
        payloadLength: Number(announcedLength ?? payload.length),
        headerLength: bytes.length - payload.length,
      },
      isRepeated ? frame.payload.pattern : payload,
      isRepeated ? { repeatLength: payload.length, chop, sync } : { chop, sync },
    );
    this.#queue.add(bytes, chop ?? (sync === true ? bytes.length : undefined));
  }

  /** Queues the head of a frame; its payload comes with `piece`. */
  head(opcode: number, fin: boolean, length: number, rsv: number): void {
    const maskingKey = this.#maskingKey({});
    const announcing = { opcode, fin, rsv, maskingKey, announcedLength: length };
    const masked = maskingKey !== undefined;
    const header = { fin, rsv, opcode, masked, maskingKey: maskingKey ?? 0, payloadLength: length };
    const headerLength = frameHeaderLength(length, masked);
    this.#parts.log.frame(true, { ...header, headerLength }, Buffer.alloc(0));
    this.#openFrame = { maskingKey, written: 0 };
    this.#queue.add(encodeFrame(announcing, { allowIllegal: true }));
  }

  /** Queues octets of the frame begun last. */
  piece(bytes: Buffer): void {
    const { maskingKey, written } = this.#openFrame;
    const out = Buffer.from(bytes);
    if (maskingKey !== undefined) maskInto(bytes, 0, bytes.length, out, 0, maskingKey, written);
    this.#openFrame.written += bytes.length;
    this.#parts.log.piece(bytes);
    this.#queue.add(out);
  }

  /** Queues octets as they are. */
  octets(bytes: Buffer): void {
    this.#queue.add(bytes);
  }

  /** Writes what this turn has queued. */
  flush(): void {
    this.#queue.flush();
  }

  /** Calls `run` when everything has been written. */
  whenEmpty(run: () => void): void {
    this.#queue.whenEmpty(run);
  }

  /** Drops what has not been written. */
  close(): void {
    this.#queue.close();
  }

  #maskingKey(how: Pick<FrameStep, 'isMaskedWrongly' | 'maskingKey'>): number | undefined {
    const isMasked = (this.#parts.role === 'client') !== (how.isMaskedWrongly === true);
    return isMasked ? (how.maskingKey ?? this.#parts.nextMaskingKey()) : undefined;
  }
}
