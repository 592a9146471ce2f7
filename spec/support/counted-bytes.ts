/** Bytes that count how often they are looked at, so that a spec sees what a fast path saves. */

/** Bytes, and the indices of those that were read one by one, in their order. */
export interface CountedBytes {
  readonly bytes: Buffer;
  readonly reads: readonly number[];
}

/** Wraps bytes; what reads whole words of the memory behind them is not counted. */
export function countedBytes(bytes: Buffer): CountedBytes {
  const reads: number[] = [];
  const counted = new Proxy(bytes, {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads.push(Number(key));
      return Reflect.get(target, key, target);
    },
  });
  return { bytes: counted, reads };
}
