import t from 'tap';
import { fieldNameOf, readRetry, valueStart } from '../../lib/sse/field-line.ts';

const read = (line: string): string | undefined => {
  const bytes = Buffer.from(`data: before\n${line}: after\n`);
  const start = 13;
  const end = start + Buffer.byteLength(line);
  const name = fieldNameOf(bytes, start, end);
  if (name === undefined) return undefined;
  return `${name}=${bytes.toString('utf8', valueStart(name, bytes, start, end), end)}`;
};

t.test('reads a name and a value', (t) => {
  t.equal(read('data:a'), 'data=a');
  t.equal(read('event:b'), 'event=b');
  t.equal(read('id:c'), 'id=c');
  t.equal(read('retry:7'), 'retry=7');
  t.equal(read('data:a:b'), 'data=a:b');
  t.end();
});

t.test('takes one space away, and nothing else', (t) => {
  t.equal(read('data: a'), 'data=a');
  t.equal(read('data:  a '), 'data= a ');
  t.equal(read('data:\ta'), 'data=\ta');
  t.equal(read('data: '), 'data=');
  t.equal(valueStart('data', Buffer.from('data: a'), 0, 5), 5, 'one that is no part of the line');
  t.end();
});

t.test('takes a line without a colon for a field with an empty value', (t) => {
  t.equal(read('data'), 'data=');
  t.equal(read('id'), 'id=');
  t.equal(read('data:'), 'data=');
  t.end();
});

t.test('ignores every other name', (t) => {
  for (const line of [
    'Data:a',
    ' data:a',
    'data :a',
    'dat',
    'dat:a',
    'datas:a',
    'da-ta:a',
    'ids',
    'e',
    'retr:1',
    'events:x',
    '\ufeffdata:a',
    'data\0:a',
  ]) {
    t.equal(read(line), undefined, JSON.stringify(line));
  }
  for (const name of ['data', 'event', 'id', 'retry']) {
    for (let at = 0; at < name.length; at += 1) {
      t.equal(read(`${name.slice(0, at)}_${name.slice(at + 1)}:a`), undefined, `${name} at ${at}`);
    }
  }
  t.end();
});

t.test('reads a time of digits and nothing else, and cuts what no timer can hold', (t) => {
  for (const [value, ms] of [
    ['0', 0],
    ['007', 7],
    ['2147483647', 2147483647],
    ['2147483648', 2147483647],
    ['9'.repeat(400), 2147483647],
    ...['', ' 1', '1 ', '-1', '+1', '1.5', '1e3', '0x1', '\u0661'].map((none) => [none, undefined]),
  ] as const) {
    t.equal(readRetry(value as string), ms, JSON.stringify(value));
  }
  t.end();
});
