import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import t from 'tap';
import { createReader, DATA_SETS } from '../../../tools/conformance/data-sets.ts';

/** Octets, characters of text, and about what zlib made of the original's file. */
const FACTS = {
  json: { octets: 194_056, units: 194_056, deflated: 8442 },
  bitmap: { octets: 263_222, units: 263_222, deflated: 223_904 },
  prose: { octets: 222_218, units: 222_218, deflated: 86_352 },
  html: { octets: 263_647, units: 263_620, deflated: 14_610 },
  document: { octets: 1_042_328, units: 1_042_328, deflated: 789_810 },
};

t.test('the data sets have the size of the original ones and compress about as well', (t) => {
  for (const [name, facts] of Object.entries(FACTS)) {
    const set = DATA_SETS[name as keyof typeof FACTS];
    const bytes = set.bytes();
    t.equal(bytes.length, facts.octets, name);
    t.equal(set.octets, facts.octets);
    t.equal(set.units, facts.units);
    if (set.type === 'text') t.equal([...bytes.toString()].length, facts.units);
    const ratio = deflateRawSync(bytes).length / facts.deflated;
    t.ok(ratio > 0.85 && ratio < 1.15, `${name} compresses to ${ratio.toFixed(2)} of the original`);
    t.equal(bytes, set.bytes(), 'made once');
  }
  t.end();
});

t.test('the data sets are the same on every machine', (t) => {
  const hashes = Object.values(DATA_SETS).map((set) =>
    createHash('sha1').update(set.bytes()).digest('hex').slice(0, 12),
  );
  t.same(hashes, ['97b28606af30', 'de779a01883a', '9b133fab5758', '09a2ca26b1d0', 'fa4d5e1128ac']);
  t.end();
});

t.test('the page is text beyond ASCII, and no character is above U+1F79', (t) => {
  const text = DATA_SETS.html.bytes().toString();
  const highest = [...text].reduce((max, each) => Math.max(max, each.codePointAt(0)!), 0);
  t.equal(highest, 0x1f79);
  t.match(text, /^<!DOCTYPE html>[\s\S]*<\/html>\n$/);
  t.end();
});

t.test('messages are consecutive slices, round and round, counted in characters of text', (t) => {
  const { html } = DATA_SETS;
  const next = createReader(html, 131_072);
  const text = html.bytes().toString();
  t.equal(next().toString(), text.slice(0, 131_072));
  t.equal(next().toString(), text.slice(131_072, 262_144));
  t.equal(next().toString(), text.slice(262_144) + text.slice(0, 131_072 * 3 - html.units));
  const { bitmap } = DATA_SETS;
  const nextOctets = createReader(bitmap, 131_072);
  const slices = [nextOctets(), nextOctets(), nextOctets()];
  t.same(
    slices.map(({ length }) => length),
    [131_072, 131_072, 131_072],
  );
  t.ok(slices[2]!.subarray(0, 1078).equals(bitmap.bytes().subarray(262_144)));
  slices[0]!.fill(0);
  t.equal(bitmap.bytes().toString('latin1', 0, 2), 'BM', 'slices are the reader’s own');
  t.end();
});
