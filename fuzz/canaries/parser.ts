/**
 * A parser with planted bugs, each behind another kind of door: to prove that the fuzzer opens
 * them.
 *
 * It is no protocol of ours, and the fuzzer has not been tuned on it. The bugs in
 * {@link CanaryBug} order: a keyword, four nested bytes, a length that does not fit, a state
 * reached only after three steps in order, a number in digits at its limit, and a count of
 * repetitions.
 */

/** Thrown when a planted bug is reached. */
export class CanaryBug extends Error {
  override readonly name = 'CanaryBug';
}

/** Parses `input` as the bug asks; throws {@link CanaryBug} where the planted one lies. */
export function canary(bug: number, input: Uint8Array): void {
  const parse = PARSERS[bug];
  if (parse?.(input) === true) throw new CanaryBug(`planted bug ${bug}`);
}

type Parser = (input: Uint8Array) => boolean;

const keyword: Parser = (input) => {
  const text = Buffer.from(input).toString('latin1');
  const colon = text.indexOf(':');
  return colon > 0 && text.slice(0, colon) === 'x-forbidden-field';
};

const nestedBytes: Parser = (input) => {
  if (input[0] !== 0xba) return false;
  if (input[1] !== 0x4e) return false;
  if (input[2] !== (input[0] ^ 0x55)) return false;
  return input[3] === 0x17;
};

const overlongLength: Parser = (input) => {
  if (input.length < 6 || input[0] !== 0x7e) return false;
  const length = (input[1]! << 8) | input[2]!;
  return length > 4096 && length < 5000 && input[5] === 0x01;
};

const stepsInOrder: Parser = (input) => {
  let state: 'new' | 'open' | 'half' | 'done' = 'new';
  for (const byte of input) {
    if (state === 'new') state = byte === 0x4f ? 'open' : 'new';
    else if (state === 'open') state = byte === 0x21 ? 'half' : 'new';
    else if (state === 'half') state = byte === 0xc3 ? 'done' : 'open';
    else if (byte === 0x9d) return true;
  }
  return false;
};

const digits: Parser = (input) => {
  const match = /^len=(\d{1,12});/.exec(Buffer.from(input).toString('latin1'));
  return match !== null && Number(match[1]) > 2 ** 32;
};

const repetitions: Parser = (input) => {
  let commas = 0;
  for (const byte of input) if (byte === 0x2c) commas += 1;
  return commas > 100;
};

const PARSERS: readonly Parser[] = [
  keyword,
  nestedBytes,
  overlongLength,
  stepsInOrder,
  digits,
  repetitions,
];
