/**
 * Masking keys: fresh, unpredictable, each used once [RFC 6455 §5.3, §10.3].
 *
 * Whoever can guess the key of a frame can choose the bytes that go over the wire, and talk to a
 * proxy in them. Each key comes from the system's generator, and no frame uses another one's. A
 * call to the generator costs more than masking a small frame, so 2,048 keys are fetched at a time.
 */
import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 8 * 1024;

/** Fills a buffer with unpredictable bytes. */
export type FillRandomly = (target: Buffer) => void;

/** A supply of masking keys. */
export class MaskingKeys {
  readonly #pool = Buffer.allocUnsafeSlow(POOL_BYTES);
  readonly #fill: FillRandomly;
  #next = POOL_BYTES;

  /** @param fill where randomness comes from; replaced in specs only. */
  constructor(fill: FillRandomly = (target) => randomFillSync(target)) {
    this.#fill = fill;
  }

  /** Takes the next key, a uint32. No key is given out twice, except by chance. */
  take(): number {
    if (this.#next === POOL_BYTES) {
      this.#fill(this.#pool);
      this.#next = 0;
    }
    const key = this.#pool.readUInt32BE(this.#next);
    this.#next += 4;
    return key;
  }
}

const shared = new MaskingKeys();

/** Takes a key from the supply of this process. */
export function takeMaskingKey(): number {
  return shared.take();
}
