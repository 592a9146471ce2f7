/**
 * The five data sets of groups 12 and 13: made, not shipped.
 *
 * ```
 * name       like                          type     octets     characters   deflated (level 6)
 * json       a large JSON file             text      194056      194056        9.4 kB
 * bitmap     an 8-bit grey image, 512²     binary    263222                  232 kB
 * prose      German plain text             binary    222218                   84 kB
 * html       a large HTML page             text      263647      263620       13.9 kB
 * document   a PDF with packed streams     binary   1042328                  805 kB
 * ```
 * The original suite ships five files. Ours are other bytes of exactly the same type and size that
 * compress about as well, written by generators with a fixed seed: the same on every machine, so a
 * failure can be repeated. They show the same behaviour, but their hashes are not the originals'.
 */
/** Where the messages of a compression case come from. */
export interface DataSet {
  readonly title: string;
  readonly type: 'text' | 'binary';
  /** Units: characters of text, octets otherwise. */
  readonly units: number;
  readonly octets: number;
  /** The bytes; made on first use and kept. Not to be modified. */
  readonly bytes: () => Buffer;
}

/** A small generator of numbers (mulberry32): good enough for data, and the same everywhere. */
function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof createRandom>;

const pick = <Item>(random: Random, items: readonly Item[]): Item => items[random(items.length)]!;

const ONSETS = 'b d f g h k l m n p r s t v w z sch st fr tr kl bl gr schw pf br'.split(' ');
const VOWELS = 'a e e e i o u au ei ie eu'.split(' ');
const CODAS = ['', '', 'n', 'n', 'r', 's', 't', 'ch', 'l', 'nd', 'cht', 'ng', 'm', 'rt'];
const ENDINGS = ['', 'e', 'en', 'er', 'es', 'et', 'end', 'lich', 'ung', 'heit'];

/** Invents words that sound German. */
function inventWords(random: Random, count: number): string[] {
  return Array.from({ length: count }, (_, rank) => {
    // Frequent words are short, as in any language.
    const syllables = rank < count / 20 ? 1 : 1 + random(2);
    let word = '';
    for (let syllable = 0; syllable < syllables; syllable += 1) {
      word += pick(random, ONSETS) + pick(random, VOWELS) + pick(random, CODAS);
    }
    return rank < count / 20 ? word : word + pick(random, ENDINGS);
  });
}

/** Picks low ranks much more often than high ones. */
function pickByRank(random: Random, words: readonly string[]): string {
  const unit = random(1_000_000) / 1_000_000;
  return words[Math.floor(words.length ** unit) - 1]!;
}

function makeProse(length: number): Buffer {
  const random = createRandom(3);
  const words = inventWords(random, 11_000);
  let text = '';
  while (text.length < length) {
    for (let line = 3 + random(5); line > 0; line -= 1) {
      const count = 5 + random(4);
      const lineWords = Array.from({ length: count }, () => pickByRank(random, words));
      lineWords[0] = lineWords[0]!.charAt(0).toUpperCase() + lineWords[0]!.slice(1);
      text += `${lineWords.join(' ')}${pick(random, [',', ',', '.', '!', ';', ''])}\r\n`;
    }
    text += '\r\n';
  }
  return Buffer.from(text.slice(0, length));
}

function makeJson(length: number): Buffer {
  const random = createRandom(1);
  const words = inventWords(random, 500);
  const rows: string[] = [];
  for (let size = 0; size < length; size += rows.at(-1)!.length) {
    const name = pick(random, words);
    rows.push(
      `   {\n      "state": "enabled", \n      "parent": null, \n      "id": ${rows.length}, \n` +
        `      "name": "${name}", \n      "reference": "${pick(random, words)}.json", \n` +
        '      "options": {\n' +
        `         "visible": ${random(8) > 0}, \n         "locale": "de-DE"\n      }, \n` +
        '      "created": "2024-01-01T12:00:00Z", \n      "tags": []\n   }',
    );
  }
  const text = `[\n${rows.join(', \n')}`;
  return Buffer.from(`${text.slice(0, length - 2)}\n]`);
}

function makeBitmap(length: number): Buffer {
  const side = 512;
  const header = length - side * side;
  const bytes = Buffer.alloc(length);
  bytes.write('BM');
  bytes.writeUInt32LE(length, 2);
  bytes.writeUInt32LE(header, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(side, 18);
  bytes.writeInt32LE(side, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(8, 28);
  for (let grey = 0; grey < 256; grey += 1) bytes.fill(grey, 54 + grey * 4, 57 + grey * 4);
  const random = createRandom(2);
  for (let at = 0; at < side * side; at += 1) {
    const x = at % side;
    const y = (at - x) / side;
    const shape = (x * x + y * y * 2) >> 13;
    bytes[header + at] = (shape + (((x >> 6) + (y >> 5)) % 3) * 40 + random(34)) & 0xff;
  }
  return bytes;
}

/** Letters of two and three octets; the highest is U+1F79, as in the original. */
const BEYOND_ASCII = ['ä', 'λ', '\u1f79', 'é', '\u1f76', 'ß', 'σ', '\u1f31', 'ö', '\u1f00'];

function makeHtml(characters: number, octets: number): Buffer {
  const random = createRandom(4);
  const words = inventWords(random, 160);
  let text =
    '<!DOCTYPE html>\n<html lang="de">\n<head><meta charset="utf-8"></head>\n<body>\n<table>\n';
  for (let row = 0; text.length < characters; row += 1) {
    text +=
      '   <tr class="result_row">\n      <td class="result_name">' +
      `<a href="#result_${row}">Result ${row}</a></td>\n      <td class="result_state ` +
      `${pick(random, ['ok', 'ok', 'ok', 'failed'])}">${pick(random, words)} ` +
      `${pick(random, words)}</td>\n      <td class="result_link">` +
      '<a href="index.html" title="Back to the table of contents">Contents</a></td>\n   </tr>\n';
  }
  const letters = [...text.slice(0, characters - 8), ...'</html>\n'];
  let missing = octets - characters;
  for (let index = 0; missing > 0; index += 1) {
    const letter = missing === 1 ? 'ü' : BEYOND_ASCII[index % BEYOND_ASCII.length]!;
    letters[1000 + index * 9001] = letter;
    missing -= Buffer.byteLength(letter) - 1;
  }
  return Buffer.from(letters.join(''));
}

function makeDocument(length: number): Buffer {
  const random = createRandom(5);
  const words = inventWords(random, 4000);
  const parts: Buffer[] = [Buffer.from('%PDF-1.4\n%\u00e2\u00e3\u00cf\u00d3\n', 'latin1')];
  let size = parts[0]!.length;
  for (let object = 1; size < length; object += 1) {
    const isPacked = object % 6 !== 0;
    // Packed streams look like noise; a cross-reference table follows each.
    const stream = isPacked
      ? Buffer.from(Array.from({ length: 3100 }, () => random(256)))
      : Buffer.from(Array.from({ length: 900 }, () => pickByRank(random, words)).join(' '));
    const filter = isPacked ? ' /Filter /FlateDecode' : '';
    const head = `${object} 0 obj\n<< /Type /Page /Length ${stream.length}${filter} >>\nstream\n`;
    let table = '\nendstream\nendobj\nxref\n';
    for (let row = 0; row < 26; row += 1) {
      table += `${String(size + random(length)).padStart(10, '0')} 00000 n\r\n`;
    }
    const part = Buffer.concat([Buffer.from(head), stream, Buffer.from(table)]);
    parts.push(part);
    size += part.length;
  }
  return Buffer.concat(parts).subarray(0, length);
}

function defineDataSet(
  title: string,
  type: DataSet['type'],
  octets: number,
  make: () => Buffer,
  units = octets,
): DataSet {
  let made: Buffer | undefined;
  const bytes = (): Buffer => {
    made ??= make();
    return made;
  };
  return { title, type, units, octets, bytes };
}

/** The data sets by name. */
export const DATA_SETS = {
  json: defineDataSet('JSON', 'text', 194_056, () => makeJson(194_056)),
  bitmap: defineDataSet('a bitmap', 'binary', 263_222, () => makeBitmap(263_222)),
  prose: defineDataSet('prose', 'binary', 222_218, () => makeProse(222_218)),
  html: defineDataSet('HTML', 'text', 263_647, () => makeHtml(263_620, 263_647), 263_620),
  document: defineDataSet('a document', 'binary', 1_042_328, () => makeDocument(1_042_328)),
} as const;

/**
 * Reads a data set in slices of `length` units, from its beginning, round and round.
 *
 * @returns a function that gives the next slice's bytes: yours.
 */
export function createReader(dataSet: DataSet, length: number): () => Buffer {
  const bytes = dataSet.bytes();
  // No character is above U+FFFF, so UTF-16 units are characters.
  const text = dataSet.type === 'text' ? bytes.toString('utf8') : undefined;
  let at = 0;
  return () => {
    const from = at;
    at = (at + length) % dataSet.units;
    const wraps = at <= from;
    if (text !== undefined) {
      return Buffer.from(wraps ? text.slice(from) + text.slice(0, at) : text.slice(from, at));
    }
    return wraps
      ? Buffer.concat([bytes.subarray(from), bytes.subarray(0, at)])
      : Buffer.from(bytes.subarray(from, at));
  };
}
