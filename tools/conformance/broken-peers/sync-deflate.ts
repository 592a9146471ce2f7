/**
 * permessage-deflate without streams: each message in one call, the window carried over by hand.
 *
 * Slow and simple; for simulations, where nothing may happen later than it is asked for.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { AgreedDeflate } from '../message-deflate.ts';
import type { Role } from '../model.ts';

const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** One direction: how far it looks back, whether it forgets between messages, what it remembers. */
interface Direction {
  readonly windowBits: number;
  readonly forgets: boolean;
  window: Buffer;
}

/** Deflates and inflates at once. */
export class SyncDeflate {
  readonly out: Direction;
  readonly in: Direction;

  constructor(role: Role, agreed: AgreedDeflate) {
    const client = (): Direction => ({
      windowBits: Math.max(9, agreed.clientMaxWindowBits),
      forgets: agreed.clientNoContextTakeover,
      window: Buffer.alloc(0),
    });
    const server = (): Direction => ({
      windowBits: Math.max(9, agreed.serverMaxWindowBits),
      forgets: agreed.serverNoContextTakeover,
      window: Buffer.alloc(0),
    });
    this.out = role === 'client' ? client() : server();
    this.in = role === 'client' ? server() : client();
  }

  /** Deflates a message. */
  compress(payload: Buffer): Buffer {
    const bytes = deflateRawSync(payload, {
      windowBits: this.out.windowBits,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...dictionaryOf(this.out),
    });
    remember(this.out, payload);
    return bytes.subarray(0, bytes.length - TAIL.length);
  }

  /** Inflates a message; throws what zlib throws. */
  decompress(payload: Buffer): Buffer {
    const bytes = inflateRawSync(Buffer.concat([payload, TAIL]), {
      windowBits: this.in.windowBits,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...dictionaryOf(this.in),
    });
    remember(this.in, bytes);
    return bytes;
  }
}

function dictionaryOf({ window }: Direction): { dictionary?: Buffer } {
  return window.length === 0 ? {} : { dictionary: window };
}

function remember(direction: Direction, payload: Buffer): void {
  if (direction.forgets) return;
  const reach = 1 << direction.windowBits;
  direction.window = Buffer.concat([direction.window, payload]).subarray(-reach);
}
