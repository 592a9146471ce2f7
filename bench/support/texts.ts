/** Texts that compress as real ones do. */

/** JSON records that repeat their keys and not their values: so many bytes of ASCII. */
export function jsonRecords(byteCount: number, seed: number): Buffer {
  let text = '';
  for (let state = seed + 1; text.length < byteCount; ) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    text += `{"id":${state},"user":"user${state % 997}","price":${(state % 10007) / 100}},`;
  }
  return Buffer.from(text.slice(0, byteCount));
}
