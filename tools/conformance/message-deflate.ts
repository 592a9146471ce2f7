/**
 * The fuzzer's side of permessage-deflate, on zlib as it comes [RFC 7692 §7.2].
 *
 * Level 6, memory level 8, raw deflate, one Z_SYNC_FLUSH a message with the last four octets (00 00
 * FF FF) left out: what the original asks of its zlib. Node's is another build, so the octets may
 * differ from the original's; what they inflate to does not.
 * The fuzzer is no example of a careful endpoint: it inflates whatever it is given.
 */
import {
  constants,
  createDeflateRaw,
  createInflateRaw,
  type DeflateRaw,
  type InflateRaw,
} from 'node:zlib';
import { DEFLATED_SERIES, type Series, type SeriesUse } from './deflated-series.ts';
import type { Role } from './model.ts';

/** What both sides have agreed upon, as the response said it. */
export interface AgreedDeflate {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  readonly serverMaxWindowBits: number;
  readonly clientMaxWindowBits: number;
}

/** The end of each message's flush, which is not sent [RFC 7692 §7.2.1]. */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** Octets that zlib makes before it comes back: the largest messages have 128 KiB. */
const CHUNK_BYTES = 128 * 1024;

type Done = (error: Error | undefined, bytes: Buffer) => void;

/** Deflates and inflates whole messages, one at a time in each direction. */
export interface Deflating {
  /** Whether a message that is sent may refer to the ones before it. */
  readonly sendsWithContext: boolean;
  deflate(payload: Buffer, done: Done): void;
  inflate(payload: Buffer, done: Done): void;
  close(): void;
}

/** permessage-deflate on zlib's streams. */
export class MessageDeflate implements Deflating {
  readonly #windowBits: { readonly out: number; readonly in: number };
  readonly #forgets: { readonly out: boolean; readonly in: boolean };
  readonly #series: SeriesUse | undefined;
  #deflater: DeflateRaw | undefined;
  #inflater: InflateRaw | undefined;

  /**
   * @param role the fuzzer's own.
   * @param series the messages that will be deflated, when they are known beforehand.
   */
  constructor(role: Role, agreed: AgreedDeflate, series?: Series) {
    const isClient = role === 'client';
    this.#windowBits = {
      out: isClient ? agreed.clientMaxWindowBits : agreed.serverMaxWindowBits,
      in: isClient ? agreed.serverMaxWindowBits : agreed.clientMaxWindowBits,
    };
    this.#forgets = {
      out: isClient ? agreed.clientNoContextTakeover : agreed.serverNoContextTakeover,
      in: isClient ? agreed.serverNoContextTakeover : agreed.clientNoContextTakeover,
    };
    const agreement = `${this.#windowBits.out} ${this.#forgets.out}`;
    this.#series = series && DEFLATED_SERIES.use(series, agreement);
  }

  get sendsWithContext(): boolean {
    return !this.#forgets.out;
  }

  /** Deflates a message. `done` gets bytes that are not to be modified. */
  deflate(payload: Buffer, done: Done): void {
    const known = this.#series?.next();
    if (known !== undefined) {
      done(undefined, known);
      return;
    }
    // zlib knows no window of 2^8 when it deflates raw data, and one of 2^9 would reach too far.
    const windowBits = Math.max(9, this.#windowBits.out);
    this.#deflater ??= createDeflateRaw({
      ...{ level: 6, memLevel: 8, windowBits },
      chunkSize: CHUNK_BYTES,
    });
    const deflater = this.#deflater;
    const chunks: Buffer[] = [];
    deflater.removeAllListeners('data');
    deflater.on('data', (chunk: Buffer) => chunks.push(chunk));
    deflater.removeAllListeners('error');
    deflater.once('error', (error) => done(error, Buffer.alloc(0)));
    deflater.write(payload);
    deflater.flush(constants.Z_SYNC_FLUSH, () => {
      if (this.#deflater !== deflater) return;
      if (this.#forgets.out) this.#deflater = release(deflater);
      const bytes = Buffer.concat(chunks);
      // An empty message after a flush gives nothing: an empty block stands for it
      // [RFC 7692 §7.2.3.6].
      const isEmpty = bytes.length < TAIL.length;
      const deflated = isEmpty ? Buffer.of(0) : bytes.subarray(0, bytes.length - TAIL.length);
      this.#series?.add(deflated);
      done(undefined, deflated);
    });
  }

  /** Inflates a message. `done` gets bytes of its own, or the error that zlib found. */
  inflate(payload: Buffer, done: Done): void {
    this.#inflater ??= createInflateRaw({
      windowBits: this.#windowBits.in,
      chunkSize: CHUNK_BYTES,
    });
    const inflater = this.#inflater;
    const chunks: Buffer[] = [];
    inflater.removeAllListeners('data');
    inflater.on('data', (chunk: Buffer) => chunks.push(chunk));
    inflater.removeAllListeners('error');
    inflater.once('error', (error) => {
      if (this.#inflater !== inflater) return;
      this.#inflater = undefined;
      done(error, Buffer.alloc(0));
    });
    // A block marked as the last one ends the stream; the next message begins a new one.
    const hasEnded = (): boolean => inflater.readableEnded || inflater.destroyed;
    inflater.write(payload);
    inflater.write(TAIL);
    inflater.flush(() => {
      if (this.#inflater !== inflater) return;
      if (this.#forgets.in || hasEnded()) this.#inflater = release(inflater);
      done(undefined, Buffer.concat(chunks));
    });
  }

  /** Lets go of zlib; what is under way is not reported any more. */
  close(): void {
    const deflater = this.#deflater;
    const inflater = this.#inflater;
    this.#deflater = undefined;
    this.#inflater = undefined;
    if (deflater !== undefined) release(deflater);
    if (inflater !== undefined) release(inflater);
  }
}

/** Destroys a stream; an error that comes late has nobody to tell. */
function release(stream: DeflateRaw | InflateRaw): undefined {
  stream.removeAllListeners('error');
  stream.on('error', () => {});
  stream.destroy();
  return undefined;
}
