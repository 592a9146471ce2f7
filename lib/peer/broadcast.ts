/**
 * One message to many peers: encoded once, and compressed once for each kind of compression.
 *
 * Unmasked frames are the same for everybody, so the bytes are shared. A compressed frame is shared
 * between peers with the same window: it is compressed without looking back, and every codec is
 * told that its own context is broken [RFC 7692 §7.2.1]. A large message is compressed in the
 * thread pool; until it is, it keeps its place among the messages of every peer.
 */
import { checkOptions, UsageError } from '../base/index.ts';
import { encodeFrame, OPCODE, RSV1 } from '../codec/index.ts';
import { type FramesToCome, requireText } from '../connection/index.ts';
import { compressOnce, compressOnceLater, DEFLATE_HERE_BYTES } from '../deflate/index.ts';
import { BROADCAST_OPTIONS } from './option-tables.ts';
import { type MessageData, toPayload } from './payload.ts';
import type { PeerSendOptions } from './peer-output.ts';
import type { WebSocketPeer } from './websocket-peer.ts';

/** What became of a broadcast: how many peers, by outcome. */
export interface BroadcastResult {
  /** Written, or to be written at the end of this turn. */
  sent: number;
  /**
   * Accepted, and waits: the peer reads slowly, or 64 KiB and more are being compressed. Either
   * way the next message is subject to the peer's policy, as behind a large `send`. What
   * `drop-oldest` and `conflate` drop later of it is counted by the peer alone
   * (`counters.messagesDropped`).
   */
  queued: number;
  /** Dropped at once by the peer's slow-consumer policy. */
  dropped: number;
  /** Not open any more. */
  closed: number;
}

/** How a message is sent to many. */
export interface BroadcastOptions extends Omit<PeerSendOptions, 'signal' | 'copy'> {
  /** Gets nothing. */
  readonly except?: WebSocketPeer | undefined;
}

/** A frame that is being compressed, and the connections that wait for it. */
class FrameInTheMaking implements FramesToCome {
  readonly #payloadBytes: number;
  #frames: Buffer | undefined;
  #waiting: (() => void)[] = [];

  constructor(payloadBytes: number) {
    this.#payloadBytes = payloadBytes;
  }

  get byteLength(): number {
    return this.#frames?.length ?? this.#payloadBytes;
  }

  get frames(): Buffer | undefined {
    return this.#frames;
  }

  whenMade(told: () => void): void {
    this.#waiting.push(told);
  }

  made(frames: Buffer): void {
    this.#frames = frames;
    for (const told of this.#waiting.splice(0)) told();
  }
}

/** A message whose frame is encoded once and sent often. */
export class PreparedMessage {
  /** The message as it was given. */
  readonly payload: string | Uint8Array;
  readonly type: 'text' | 'binary';
  #plain: Buffer | undefined;
  readonly #compressed = new Map<number, Buffer | FramesToCome>();

  /**
   * @throws UsageError `invalid-argument` for anything that is no message, and for bytes that are
   *   to be sent as text and are none.
   */
  constructor(data: MessageData, type?: 'text' | 'binary') {
    const payload = toPayload(data);
    requireText(payload, type);
    this.payload = typeof payload === 'string' ? payload : Uint8Array.from(payload);
    this.type = type ?? (typeof payload === 'string' ? 'text' : 'binary');
  }

  /**
   * The frame, compressed for an inflater with so many window bits (9 – 15), not masked: once for
   * each of them. Up to 16 KiB are compressed on the spot, more in the thread pool.
   */
  compressedFrame(windowBits: number): Buffer | FramesToCome {
    let frame = this.#compressed.get(windowBits);
    if (frame === undefined) {
      frame = this.#compress(windowBits);
      this.#compressed.set(windowBits, frame);
    }
    return frame;
  }

  #compress(windowBits: number): Buffer | FramesToCome {
    const { payload } = this;
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    if (bytes.length <= DEFLATE_HERE_BYTES) return this.#frame(compressOnce(bytes, windowBits));
    const frame = new FrameInTheMaking(bytes.length);
    compressOnceLater(bytes, windowBits, (error, compressed) => {
      // Nobody has been promised compression: without memory for it, the message goes as it is.
      const frames = error === undefined ? this.#frame(compressed) : this.plainFrame;
      this.#compressed.set(windowBits, frames);
      frame.made(frames);
    });
    return frame;
  }

  #frame(compressed: Buffer): Buffer {
    const frame = { opcode: OPCODE[this.type], rsv: RSV1, payload: compressed };
    return encodeFrame(frame, { allowIllegal: true });
  }

  /** The frame, not compressed and not masked: what a server sends. */
  get plainFrame(): Buffer {
    this.#plain ??= encodeFrame({ opcode: OPCODE[this.type], payload: this.payload });
    return this.#plain;
  }
}

/**
 * Sends one message to many peers. Peers on the client side get frames of their own, because each
 * masked frame needs a fresh key [RFC 6455 §5.3].
 *
 * @param data a message, or a {@link PreparedMessage} that is sent again and again.
 * @throws UsageError `invalid-argument` for what is no list of peers or no message,
 *   `invalid-option`.
 */
export function broadcast(
  peers: Iterable<WebSocketPeer>,
  data: MessageData | PreparedMessage,
  options: BroadcastOptions = {},
): BroadcastResult {
  if (typeof peers !== 'object' || typeof peers?.[Symbol.iterator] !== 'function') {
    throw new UsageError('invalid-argument', 'broadcast needs peers that can be iterated over');
  }
  checkOptions(options, BROADCAST_OPTIONS);
  const { except, ...rest } = options;
  // Each peer checks what it is given.
  const sending = Object.keys(rest).length > 0 ? rest : undefined;
  const message = data instanceof PreparedMessage ? data : new PreparedMessage(data, options.type);
  const result: BroadcastResult = { sent: 0, queued: 0, dropped: 0, closed: 0 };
  for (const peer of peers) {
    if (typeof peer?.offerPrepared !== 'function') {
      throw new UsageError('invalid-argument', `${String(peer)} is no peer`);
    }
    if (peer === except) continue;
    result[peer.offerPrepared(message, sending)] += 1;
  }
  return result;
}
