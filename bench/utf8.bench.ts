/**
 * Checking UTF-8 as it arrives [RFC 3629 §4], against Node's one-shot check and `TextDecoder`; and
 * making strings of bytes, as a reader of text messages does.
 *
 *   npm run bench -- utf8 [--quick]
 */
import { isUtf8 } from 'node:buffer';
import { Utf8Validator } from 'barewire/base';
import { decodeUtf8 } from 'barewire/codec';
import { runSuites, type Suite } from './support/suite-command.ts';

const TEXTS: Readonly<Record<string, Buffer>> = {
  'ASCII, 20 B': Buffer.alloc(20, 'hello '),
  'ASCII, 4 KiB': Buffer.alloc(4096, 'hello '),
  'Greek, 44 B': Buffer.from('κόσμε '.repeat(4)),
  'Greek, 4 KiB': Buffer.from('κόσμε '.repeat(372)),
  'Japanese, 4 KiB': Buffer.from('日本語'.repeat(455)),
};

const validator = new Utf8Validator();
const decoder = new TextDecoder('utf-8', { fatal: true });

function checks(bytes: Buffer): Suite['cases'] {
  return () => [
    {
      name: 'barewire',
      run() {
        validator.reset();
        return Number(validator.push(bytes));
      },
    },
    { name: 'buffer.isUtf8', run: () => Number(isUtf8(bytes)) },
    { name: 'TextDecoder', run: () => decoder.decode(bytes).length },
  ];
}

function strings(bytes: Buffer): Suite['cases'] {
  return () => [
    { name: 'barewire', run: () => decodeUtf8(bytes, 0, bytes.length)!.length },
    { name: 'isUtf8, utf8Slice', run: () => (isUtf8(bytes) ? bytes.toString().length : 0) },
    { name: 'TextDecoder', run: () => decoder.decode(bytes).length },
  ];
}

await runSuites(
  'utf8',
  Object.entries(TEXTS).flatMap(([title, bytes]) => [
    { id: `check ${title}`, title: 'checked', cases: checks(bytes) },
    { id: `string ${title}`, title: 'checked and made a string', cases: strings(bytes) },
  ]),
);
