/**
 * permessage-deflate at work: the messages of one connection, both ways [RFC 7692 §7.2].
 *
 * ```
 *                         server                       client
 * compress                server_* parameters          client_* parameters
 * decompress              client_* parameters          server_* parameters
 * ```
 * The codec sees payloads, not frames: RSV1 belongs to the frame reader and to whoever writes
 * frames. Whether a message is worth compressing is the connection's decision. What is small is
 * done before the call returns; what is large is done in the thread pool, in turn with all other
 * connections.
 */
import {
  AN_OBJECT,
  CHECKED_LATER,
  checkOptions,
  hasFastPath,
  type OptionTable,
  resolveLimit,
  UsageError,
} from '../base/index.ts';
import type { DeflateParameters } from './deflate-parameters.ts';
import { MessageDeflater } from './message-deflater.ts';
import type {
  DeflateJobDone,
  DeflateOptions,
  Deflater,
  InflateOptions,
  Inflater,
  WorkingNotice,
} from './message-format.ts';
import { MessageInflater } from './message-inflater.ts';
import { OneShotDeflater, OneShotInflater } from './one-shot.ts';
import { type DeflatePool, sharedDeflatePool } from './pool.ts';
import { hasZlibHandles } from './zlib-engine.ts';

/** Settings that need no negotiation. */
export interface MessageCodecOptions {
  /**
   * zlib's level, 1 – 9. Default 3: against 6 about half the work on messages of 16 KiB, a tenth
   * to a quarter less on 1 KiB, hardly less on 100 B, for a twentieth more bytes (bench/deflate).
   */
  readonly level?: number | undefined;
  /** zlib's memory level, 1 – 9: memory against ratio. Default 6. */
  readonly memoryLevel?: number | undefined;
  /**
   * Largest window of our own compressor, 8 – 15 bits, whatever more the peer allows. Default 13:
   * with memory level 6 a compressor takes 70 KiB instead of 262, at the same speed; what it costs
   * is a tenth more bytes on messages of 8 KiB, and nothing on short ones.
   */
  readonly windowBits?: number | undefined;
  /** Output bytes per input byte from which on a message is refused, beyond its first 64 KiB. */
  readonly maxInflateRatio?: number | undefined;
  /** Default: the one that the process shares. */
  readonly pool?: DeflatePool | undefined;
  /** `'documented'`: do without Node's undocumented zlib handle. Default: use it if it is there. */
  readonly zlib?: 'handle' | 'documented' | undefined;
}

const CODEC: OptionTable<MessageCodecOptions> = {
  level: CHECKED_LATER,
  memoryLevel: CHECKED_LATER,
  windowBits: CHECKED_LATER,
  maxInflateRatio: CHECKED_LATER,
  pool: AN_OBJECT,
  zlib: {
    what: "'handle' or 'documented'",
    fits: (value) => value === 'handle' || value === 'documented',
  },
};

/** Compresses and inflates the messages of one connection. */
export class MessageCodec {
  readonly #inflater: Inflater;
  readonly #deflater: Deflater;

  /**
   * Sets up both directions; takes no memory before the first message.
   *
   * @throws UsageError `invalid-option`.
   */
  constructor(
    role: 'client' | 'server',
    parameters: DeflateParameters,
    options: MessageCodecOptions = {},
  ) {
    checkOptions(options, CODEC, 'options of a codec');
    const server = {
      windowBits: parameters.serverMaxWindowBits,
      keepsContext: !parameters.serverNoContextTakeover,
    };
    const client = {
      windowBits: parameters.clientMaxWindowBits,
      keepsContext: !parameters.clientNoContextTakeover,
    };
    const { windowBits, keepsContext } = role === 'server' ? server : client;
    const outgoing: DeflateOptions = {
      windowBits: Math.min(windowBits, checkOption('windowBits', options.windowBits ?? 13, 8, 15)),
      keepsContext,
      level: checkOption('level', options.level ?? 3, 1, 9),
      memoryLevel: checkOption('memoryLevel', options.memoryLevel ?? 6, 1, 9),
    };
    const incoming: InflateOptions = {
      ...(role === 'server' ? client : server),
      maxInflateRatio: resolveLimit('maxInflateRatio', options.maxInflateRatio),
    };
    const pool = options.pool ?? sharedDeflatePool();
    const zlib = options.zlib ?? (hasFastPath('zlib-handles') ? 'handle' : 'documented');
    const usesHandles = zlib !== 'documented' && hasZlibHandles();
    this.#inflater = new (usesHandles ? MessageInflater : OneShotInflater)(incoming, pool);
    this.#deflater = new (usesHandles ? MessageDeflater : OneShotDeflater)(outgoing, pool);
  }

  /** Bytes of memory held for this connection, between messages and in the middle of one. */
  get memoryBytes(): number {
    return this.#inflater.memoryBytes + this.#deflater.memoryBytes;
  }

  /**
   * Compresses the next piece of a message. What comes out of the pieces, one frame or more each,
   * is the message with RSV1 set.
   *
   * @param payload the caller's again when the call has returned.
   * @param fin whether it is the last piece.
   * @param done called once: before the call returns, or later for more than 16 KiB. The only error
   *   is `deflate-failed`, when memory has run out.
   * @throws UsageError `invalid-state` while another piece is being compressed.
   */
  compress(payload: Uint8Array, fin: boolean, done: DeflateJobDone): void {
    if (this.#deflater.isBusy) throw new UsageError('invalid-state', 'compress is not done yet');
    this.#deflater.compress(payload, fin, done);
  }

  /**
   * Inflates the next piece of a message: the payload of a frame or any part of it.
   *
   * @param payload the caller's again when the call has returned.
   * @param fin whether it is the last piece of the message.
   * @param maxBytes what may come out of this piece. One byte more is `message-too-large`; at most
   *   64 KiB have been made by then that nobody sees.
   * @param done called once: before the call returns, or later for more than 128 KiB, and for more
   *   than 512 KiB in all since {@link beginTurn}. Errors are
   *   `message-too-large`, `deflate-ratio-exceeded`, `deflate-data-invalid`; after one of them this
   *   direction is inert.
   * @param working told when a slice of the job begins in the thread pool and when it has ended, so
   *   that its time can be told from the time that it waits for others.
   * @throws UsageError `invalid-state` while another piece is being inflated, `invalid-argument`
   *   when `maxBytes` is not a number from 0.
   */
  decompress(
    payload: Uint8Array,
    fin: boolean,
    maxBytes: number,
    done: DeflateJobDone,
    working?: WorkingNotice,
  ): void {
    if (this.#inflater.isBusy) throw new UsageError('invalid-state', 'decompress is not done yet');
    if (!(maxBytes >= 0)) throw new UsageError('invalid-argument', `maxBytes is ${maxBytes}`);
    this.#inflater.decompress(payload, fin, maxBytes, done, working);
  }

  /**
   * Tells that a new turn of the event loop has begun: what may be inflated before a call returns
   * is counted afresh. Who never calls it gets a result later once in 512 KiB.
   */
  beginTurn(): void {
    this.#inflater.beginTurn();
  }

  /**
   * Tells that a message compressed elsewhere, by {@link compressOnce}, is going out: the peer's
   * window is no longer ours, so the next message starts with an empty one. Call it between
   * messages.
   */
  breakContext(): void {
    this.#deflater.breakContext();
  }

  /**
   * Lets go of zlib's state, to be called when the connection has been quiet for a while. What
   * stays is the peer's window, packed: some KiB at most for text, 32 KiB at worst.
   */
  releaseIdle(): void {
    this.#inflater.releaseIdle();
    this.#deflater.releaseIdle();
  }

  /** Ends everything at once. No `done` is called afterwards. */
  close(): void {
    this.#inflater.close();
    this.#deflater.close();
  }
}

function checkOption(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(
    'invalid-option',
    `${name} must be ${least} – ${most}, not ${String(value)}`,
  );
}
