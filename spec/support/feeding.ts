/**
 * The feeding modes: every byte vector is given to a core whole, byte by byte, cut at every place,
 * and must give the same result each time.
 */

/** One way to cut an input into reads. */
export interface Feeding {
  readonly name: string;
  readonly chunks: readonly Buffer[];
}

/** Above this length a two-way cut at every offset costs more than it shows; every n-th is cut. */
const MAX_CUTS = 2048;

/**
 * Cuts `input` in all modes. Each chunk is a copy of its own, so that aliasing bugs show.
 *
 * @param maxCuts how many two-way cuts are made at most; Infinity for every one.
 */
export function* feedings(input: Uint8Array, maxCuts = MAX_CUTS): Generator<Feeding> {
  yield { name: 'whole', chunks: [Buffer.from(input)] };
  yield { name: 'byte by byte', chunks: Array.from(input, (byte) => Buffer.of(byte)) };
  const step = Math.max(1, Math.ceil(input.length / maxCuts));
  for (let cut = 1; cut < input.length; cut += step) {
    yield {
      name: `cut at ${cut}`,
      chunks: [Buffer.from(input.subarray(0, cut)), Buffer.from(input.subarray(cut))],
    };
  }
}

/** Cuts `input` at the given offsets (any order, doubles allowed). */
export function cutAt(input: Uint8Array, offsets: readonly number[]): Buffer[] {
  const sorted = [...new Set(offsets)].filter((at) => at > 0 && at < input.length);
  sorted.sort((left, right) => left - right);
  const chunks: Buffer[] = [];
  let start = 0;
  for (const at of [...sorted, input.length]) {
    chunks.push(Buffer.from(input.subarray(start, at)));
    start = at;
  }
  return chunks;
}
