/**
 * An inflater as the standard tells it [RFC 1951 §3.2]: bit by bit, slow, literal, and it remembers
 * how far back it was made to look. The oracle of the deflate specs.
 */

/** What was found in the blocks. */
export interface NaiveResult {
  readonly output: Buffer;
  /** Longest distance of all matches; 0 without any. */
  readonly maxDistance: number;
  /** Of each block: 0 stored, 1 fixed, 2 dynamic; and whether it was marked as final. */
  readonly blocks: readonly { readonly type: number; readonly isFinal: boolean }[];
}

const LENGTH_BASES = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
];
const LENGTH_EXTRA = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const DISTANCE_BASES = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
  3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Codes by their bits, written as text: "1" + bits in the order they are read. */
type Codes = ReadonlyMap<string, number>;

class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length * 8;
  }

  bits(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index += 1) value |= this.bit() << index;
    return value;
  }

  bit(): number {
    if (this.isAtEnd) throw new Error('the data ends inside a block');
    const bit = (this.#bytes[this.#at >> 3]! >> (this.#at & 7)) & 1;
    this.#at += 1;
    return bit;
  }

  skipToByte(): void {
    this.#at = Math.ceil(this.#at / 8) * 8;
  }

  symbol(codes: Codes): number {
    for (let bits = '1'; bits.length <= 16; ) {
      bits += this.bit();
      const symbol = codes.get(bits);
      if (symbol !== undefined) return symbol;
    }
    throw new Error('no such code');
  }
}

/** Assigns codes to symbols by their lengths [RFC 1951 §3.2.2]. */
function buildCodes(lengths: readonly number[]): Codes {
  const codes = new Map<string, number>();
  let code = 0;
  for (let length = 1; length <= 15; length += 1) {
    code <<= 1;
    for (const [symbol, itsLength] of lengths.entries()) {
      if (itsLength !== length) continue;
      codes.set(`1${code.toString(2).padStart(length, '0')}`, symbol);
      code += 1;
    }
  }
  return codes;
}

const FIXED: readonly [Codes, Codes] = [
  buildCodes(
    Array.from({ length: 288 }, (_, at) => (at < 144 ? 8 : at < 256 ? 9 : at < 280 ? 7 : 8)),
  ),
  buildCodes(Array<number>(30).fill(5)),
];

function readDynamicCodes(reader: BitReader): [Codes, Codes] {
  const literals = reader.bits(5) + 257;
  const distances = reader.bits(5) + 1;
  const count = reader.bits(4) + 4;
  const order = CODE_LENGTH_ORDER.slice(0, count);
  const lengthLengths = Array<number>(19).fill(0);
  for (const symbol of order) lengthLengths[symbol] = reader.bits(3);
  const codes = buildCodes(lengthLengths);
  const lengths: number[] = [];
  while (lengths.length < literals + distances) {
    const symbol = reader.symbol(codes);
    if (symbol < 16) lengths.push(symbol);
    else if (symbol === 16) {
      lengths.push(...Array<number>(reader.bits(2) + 3).fill(lengths.at(-1)!));
    } else {
      const zeros = symbol === 17 ? reader.bits(3) + 3 : reader.bits(7) + 11;
      lengths.push(...Array<number>(zeros).fill(0));
    }
  }
  return [buildCodes(lengths.slice(0, literals)), buildCodes(lengths.slice(literals))];
}

/**
 * Inflates blocks until the data ends.
 *
 * @param history what a match may look back to in front of the output.
 * @throws Error when the data is malformed or does not end where a block ends.
 */
export function naiveInflate(data: Uint8Array, history: Uint8Array = Buffer.alloc(0)): NaiveResult {
  const reader = new BitReader(data);
  const all: number[] = [...history];
  const blocks: { type: number; isFinal: boolean }[] = [];
  let maxDistance = 0;

  const readStored = (): void => {
    reader.skipToByte();
    const length = reader.bits(16);
    if (reader.bits(16) !== (length ^ 0xffff)) throw new Error('LEN and NLEN differ');
    for (let index = 0; index < length; index += 1) all.push(reader.bits(8));
  };
  const readMatch = (symbol: number, distanceCodes: Codes): void => {
    const length = LENGTH_BASES[symbol - 257]! + reader.bits(LENGTH_EXTRA[symbol - 257]!);
    const code = reader.symbol(distanceCodes);
    const distance = DISTANCE_BASES[code]! + reader.bits(code < 4 ? 0 : (code >> 1) - 1);
    if (distance > all.length) throw new Error('a match before the beginning');
    maxDistance = Math.max(maxDistance, distance);
    for (let index = 0; index < length; index += 1) all.push(all[all.length - distance]!);
  };
  const readCoded = ([literalCodes, distanceCodes]: readonly [Codes, Codes]): void => {
    for (;;) {
      const symbol = reader.symbol(literalCodes);
      if (symbol === 256) return;
      if (symbol < 256) all.push(symbol);
      else readMatch(symbol, distanceCodes);
    }
  };
  while (!reader.isAtEnd) {
    const isFinal = reader.bit() === 1;
    const type = reader.bits(2);
    blocks.push({ type, isFinal });
    if (type === 0) readStored();
    else if (type === 1) readCoded(FIXED);
    else if (type === 2) readCoded(readDynamicCodes(reader));
    else throw new Error('block type 3');
    if (isFinal) reader.skipToByte();
  }
  return { output: Buffer.from(all.slice(history.length)), maxDistance, blocks };
}
