/**
 * Changes of an input: of a bit, a byte, a number, a run of bytes, a token, or a half of another.
 */
import type { Random } from './random.ts';

/** What a change may draw from. */
export interface Material {
  readonly random: Random;
  /** Tokens: literals of the source and words of the target. */
  readonly dictionary: readonly Uint8Array[];
  /** Another input, for splicing. */
  readonly other: Uint8Array;
}

type Mutator = (input: Uint8Array, material: Material) => Uint8Array;

/** Numbers where lengths and counts change their encoding or their sign. */
const EDGES: readonly bigint[] = [
  ...[0n, 1n, 7n, 9n, 10n, 16n, 31n, 32n, 63n, 64n, 100n, 125n, 126n, 127n, 128n, 254n, 255n],
  ...[256n, 999n, 1000n, 1002n, 1007n, 4095n, 4096n, 4999n, 5000n, 32767n, 32768n, 65535n, 65536n],
  ...[2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n],
  ...[2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n],
];

/** Replaces `input[start … end)` by `bytes`, in a new array. */
function replace(input: Uint8Array, start: number, end: number, bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(input.length - (end - start) + bytes.length);
  result.set(input.subarray(0, start));
  result.set(bytes, start);
  result.set(input.subarray(end), start + bytes.length);
  return result;
}

/** A run of bytes of the input: mostly a short one. */
function pickRun(input: Uint8Array, random: Random): readonly [start: number, end: number] {
  const start = random.below(input.length);
  const longest = input.length - start;
  const length = random.oneIn(3)
    ? random.below(longest + 1)
    : 1 + random.below(Math.min(8, longest));
  return [start, Math.min(input.length, start + length)];
}

const changeByte = (change: (byte: number, random: Random) => number): Mutator => {
  return (input, { random }) => {
    const result = Uint8Array.from(input);
    const at = random.below(result.length);
    if (result.length > 0) result[at] = change(result[at]!, random);
    return result;
  };
};

const insertNumber: Mutator = (input, { random }) => {
  const value = random.pick(EDGES);
  const width = random.pick([1, 2, 4, 8]);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value & (2n ** 64n - 1n));
  const at = random.below(input.length + 1);
  const end = random.oneIn(3) ? at : Math.min(input.length, at + width);
  return replace(input, at, end, bytes.subarray(8 - width));
};

/** Changes a number written in digits, where the input has one. */
const changeDigits: Mutator = (input, { random }) => {
  const isDigit = (byte: number | undefined): boolean =>
    byte !== undefined && byte >= 0x30 && byte <= 0x39;
  let start = random.below(input.length + 1);
  while (start < input.length && !isDigit(input[start])) start += 1;
  let end = start;
  while (isDigit(input[end])) end += 1;
  const radix = random.oneIn(4) ? 16 : 10;
  return replace(input, start, end, Buffer.from(random.pick(EDGES).toString(radix)));
};

const MUTATORS: readonly Mutator[] = [
  changeByte((byte, random) => byte ^ (1 << random.below(8))),
  changeByte((_, random) => random.below(256)),
  changeByte((byte, random) => byte + 1 + random.below(16)),
  changeByte((byte, random) => byte - 1 - random.below(16)),
  changeByte((_, random) => random.pick([0, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x3a, 0x3b, 0x3d])),
  insertNumber,
  changeDigits,
  // Inserts random bytes.
  (input, { random }) => {
    const at = random.below(input.length + 1);
    const bytes = Uint8Array.from({ length: 1 + random.below(8) }, () => random.below(256));
    return replace(input, at, at, bytes);
  },
  // Removes a run.
  (input, { random }) => replace(input, ...pickRun(input, random), new Uint8Array(0)),
  // Repeats a run in place.
  (input, { random }) => {
    const [start, end] = pickRun(input, random);
    const times = 1 + random.below(random.oneIn(8) ? 64 : 4);
    const run = Buffer.from(input.subarray(start, end)).toString('latin1').repeat(times);
    return replace(input, end, end, Buffer.from(run, 'latin1'));
  },
  // Copies a run over, or into, another place.
  (input, { random }) => {
    const [start, end] = pickRun(input, random);
    const to = random.below(input.length + 1);
    const until = random.oneIn(2) ? to : Math.min(input.length, to + end - start);
    return replace(input, to, until, input.slice(start, end));
  },
  // Puts a token in, or over what stands there.
  (input, { random, dictionary }) => {
    if (dictionary.length === 0) return input;
    const token = random.pick(dictionary);
    const at = random.below(input.length + 1);
    const until = random.oneIn(2) ? at : Math.min(input.length, at + token.length);
    return replace(input, at, until, token);
  },
  // Goes on with another input from somewhere.
  (input, { random, other }) => {
    const at = random.below(input.length + 1);
    return replace(input, at, input.length, other.subarray(random.below(other.length + 1)));
  },
  // Takes a run of another input in.
  (input, { random, other }) => {
    const at = random.below(input.length + 1);
    return replace(input, at, at, other.slice(...pickRun(other, random)));
  },
];

/** Changes an input by one to sixteen mutations. Never changes `input` itself. */
export function mutate(input: Uint8Array, material: Material, maxLength: number): Uint8Array {
  const { random } = material;
  let result = input;
  for (let left = 1 << random.below(5); left > 0; left -= 1) {
    result = random.pick(MUTATORS)(result, material);
    if (result.length > maxLength) result = result.slice(0, maxLength);
  }
  return result;
}

/**
 * Makes the tokens of a dictionary from literals: strings as bytes, numbers as digits and as bytes.
 */
export function tokensOf(literals: Iterable<string | number>): Uint8Array[] {
  const tokens = new Map<string, Uint8Array>();
  const add = (token: Uint8Array): void => {
    if (token.length > 0 && token.length <= 64)
      tokens.set(Buffer.from(token).toString('hex'), token);
  };
  for (const literal of literals) {
    add(Buffer.from(String(literal)));
    if (typeof literal !== 'number' || !Number.isSafeInteger(literal) || literal < 0) continue;
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(literal));
    const first = bytes.findIndex((byte) => byte !== 0);
    add(bytes.subarray(first === -1 ? 7 : first));
  }
  return [...tokens.values()];
}
