/**
 * Strings of a few characters, made without a call into Node, which takes 50 ns for any of them:
 * longer than all the rest that is done for a short message (bench/framing, "decode … text 20").
 *
 * `String.fromCharCode` takes the characters as arguments. Given as a list they cost as much as the
 * call that is to be saved; so they are written out, for each length. No line of it says anything
 * that the others do not.
 */

/** Longer text is made by Node: from here on its call is the cheaper one. */
export const SHORT_TEXT: number = 24;

const c: (...codes: readonly (number | undefined)[]) => string = String.fromCharCode as never;

/**
 * Returns the string of `length` bytes at `at` that are known to be ASCII; `undefined` when there
 * are more than {@link SHORT_TEXT}.
 */
export function shortText(b: Uint8Array, at: number, length: number): string | undefined {
  // biome-ignore format: a line for each length is a picture of what it does
  switch (length) {
    case 0: return '';
    case 1: return c(b[at]);
    case 2: return c(b[at], b[at + 1]);
    case 3: return c(b[at], b[at + 1], b[at + 2]);
    case 4: return c(b[at], b[at + 1], b[at + 2], b[at + 3]);
    case 5: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4]);
    case 6: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5]);
    case 7: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6]);
    case 8: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7]);
    case 9: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8]);
    case 10: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8], b[at + 9]);
    case 11: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8], b[at + 9], b[at + 10]);
    case 12: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8], b[at + 9], b[at + 10], b[at + 11]);
    case 13: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8], b[at + 9], b[at + 10], b[at + 11], b[at + 12]);
    case 14: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8], b[at + 9], b[at + 10], b[at + 11], b[at + 12], b[at + 13]);
    case 15: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8], b[at + 9], b[at + 10], b[at + 11], b[at + 12], b[at + 13], b[at + 14]);
    case 16: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8], b[at + 9], b[at + 10], b[at + 11], b[at + 12], b[at + 13], b[at + 14],
      b[at + 15]);
    default: return mediumText(b, at, length);
  }
}

function mediumText(b: Uint8Array, at: number, length: number): string | undefined {
  // biome-ignore format: as above
  switch (length) {
    case 17: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8], b[at + 9], b[at + 10], b[at + 11], b[at + 12], b[at + 13], b[at + 14],
      b[at + 15], b[at + 16]);
    case 18: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8], b[at + 9], b[at + 10], b[at + 11], b[at + 12], b[at + 13], b[at + 14],
      b[at + 15], b[at + 16], b[at + 17]);
    case 19: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8], b[at + 9], b[at + 10], b[at + 11], b[at + 12], b[at + 13], b[at + 14],
      b[at + 15], b[at + 16], b[at + 17], b[at + 18]);
    case 20: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8], b[at + 9], b[at + 10], b[at + 11], b[at + 12], b[at + 13], b[at + 14],
      b[at + 15], b[at + 16], b[at + 17], b[at + 18], b[at + 19]);
    case 21: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8], b[at + 9], b[at + 10], b[at + 11], b[at + 12], b[at + 13], b[at + 14],
      b[at + 15], b[at + 16], b[at + 17], b[at + 18], b[at + 19], b[at + 20]);
    case 22: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8], b[at + 9], b[at + 10], b[at + 11], b[at + 12], b[at + 13], b[at + 14],
      b[at + 15], b[at + 16], b[at + 17], b[at + 18], b[at + 19], b[at + 20], b[at + 21]);
    case 23: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8], b[at + 9], b[at + 10], b[at + 11], b[at + 12], b[at + 13], b[at + 14],
      b[at + 15], b[at + 16], b[at + 17], b[at + 18], b[at + 19], b[at + 20], b[at + 21],
      b[at + 22]);
    case 24: return c(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6],
      b[at + 7], b[at + 8], b[at + 9], b[at + 10], b[at + 11], b[at + 12], b[at + 13], b[at + 14],
      b[at + 15], b[at + 16], b[at + 17], b[at + 18], b[at + 19], b[at + 20], b[at + 21],
      b[at + 22], b[at + 23]);
    default: return undefined;
  }
}
