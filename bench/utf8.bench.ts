/**
 * Checking UTF-8 as it arrives [RFC 3629 §4], against Node's one-shot check and `TextDecoder`.
 *
 *   npm run bench -- utf8
 *
 * Every case hands its verdict to a sink, so that no engine may leave the work out.
 */
import { isUtf8 } from 'node:buffer';
import { Utf8Validator } from 'barewire/base';
import benny from 'benny';

const TEXTS: Readonly<Record<string, Buffer>> = {
  'ASCII, 20 B': Buffer.alloc(20, 'hello '),
  'ASCII, 4 KiB': Buffer.alloc(4096, 'hello '),
  'Greek, 40 B': Buffer.from('κόσμε '.repeat(8)).subarray(0, 44),
  'Greek, 4 KiB': Buffer.from('κόσμε '.repeat(400)),
};

const validator = new Utf8Validator();
const decoder = new TextDecoder('utf-8', { fatal: true });
let sink = 0;

for (const [title, bytes] of Object.entries(TEXTS)) {
  await benny.suite(
    title,
    benny.add('Utf8Validator', () => {
      validator.reset();
      sink += validator.push(bytes);
    }),
    benny.add('buffer.isUtf8', () => {
      sink += Number(isUtf8(bytes));
    }),
    benny.add('TextDecoder', () => {
      sink += decoder.decode(bytes).length;
    }),
    benny.cycle(),
    benny.complete(),
  );
}
console.log(`checked (${sink})`);
