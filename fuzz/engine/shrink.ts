/**
 * Makes an input smaller while it keeps a property: removes runs of bytes, long ones first, and
 * then makes the bytes that are left plain.
 */

/** Tells whether a smaller input still has the property. */
export type Keeps = (candidate: Uint8Array) => boolean | Promise<boolean>;

/** Returns a smaller input that still has the property, after at most `most` questions. */
export async function shrink(input: Uint8Array, keeps: Keeps, most = 2000): Promise<Uint8Array> {
  let best = Uint8Array.from(input);
  let asked = 0;
  const adopt = async (candidate: Uint8Array): Promise<boolean> => {
    asked += 1;
    if (asked > most || !(await keeps(candidate))) return false;
    best = Uint8Array.from(candidate);
    return true;
  };
  for (let run = Math.ceil(best.length / 2); run >= 1 && asked < most; run = Math.floor(run / 2)) {
    for (let start = 0; start < best.length && asked < most; ) {
      const without = Buffer.concat([best.subarray(0, start), best.subarray(start + run)]);
      if (!(await adopt(without))) start += run;
    }
  }
  for (let at = 0; at < best.length && asked < most; at += 1) {
    for (const plain of [0x61, 0x30, 0x00]) {
      if (best[at] === plain) break;
      const candidate = Uint8Array.from(best);
      candidate[at] = plain;
      if (await adopt(candidate)) break;
    }
  }
  return best;
}
