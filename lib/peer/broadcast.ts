/**
 * One message to many peers: encoded once, and compressed once for each kind of compression.
 *
 * Unmasked frames are the same for everybody, so the bytes are shared. A compressed frame is shared
 * between peers with the same window: it is compressed without looking back, and every codec is
 * told that its own context is broken [RFC 7692 §7.2.1].
 */
import { checkOptions } from '../base/index.ts';
import { encodeFrame, OPCODE, RSV1 } from '../codec/index.ts';
import { requireText } from '../connection/index.ts';
import { compressOnce } from '../deflate/index.ts';
import { BROADCAST_OPTIONS } from './option-tables.ts';
import { type MessageData, toPayload } from './payload.ts';
import type { PeerSendOptions } from './peer-output.ts';
import type { WebSocketPeer } from './websocket-peer.ts';

/** What became of a broadcast: how many peers, by outcome. */
export interface BroadcastResult {
  /** Written, or to be written at the end of this turn. */
  sent: number;
  /** Accepted for peers that read slowly. */
  queued: number;
  /** Dropped by the peer's slow-consumer policy. */
  dropped: number;
  /** Not open any more. */
  closed: number;
}

/** How a message is sent to many. */
export interface BroadcastOptions extends Omit<PeerSendOptions, 'signal'> {
  /** Gets nothing. */
  readonly except?: WebSocketPeer | undefined;
}

/** A message whose frame is encoded once and sent often. */
export class PreparedMessage {
  /** The message as it was given. */
  readonly payload: string | Uint8Array;
  readonly type: 'text' | 'binary';
  #plain: Buffer | undefined;
  readonly #compressed = new Map<number, Buffer>();

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

  /** The frame, compressed for an inflater with so many window bits (8 – 15), not masked. */
  compressedFrame(windowBits: number): Buffer {
    let frame = this.#compressed.get(windowBits);
    if (frame === undefined) {
      const { payload, type } = this;
      const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
      const compressed = compressOnce(bytes, windowBits);
      frame = encodeFrame(
        { opcode: OPCODE[type], rsv: RSV1, payload: compressed },
        { allowIllegal: true },
      );
      this.#compressed.set(windowBits, frame);
    }
    return frame;
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
 */
export function broadcast(
  peers: Iterable<WebSocketPeer>,
  data: MessageData | PreparedMessage,
  options: BroadcastOptions = {},
): BroadcastResult {
  checkOptions(options, BROADCAST_OPTIONS);
  const { except, ...sending } = options;
  const message = data instanceof PreparedMessage ? data : new PreparedMessage(data, options.type);
  const result: BroadcastResult = { sent: 0, queued: 0, dropped: 0, closed: 0 };
  for (const peer of peers) {
    if (peer === except) continue;
    result[peer.offerPrepared(message, sending)] += 1;
  }
  return result;
}
