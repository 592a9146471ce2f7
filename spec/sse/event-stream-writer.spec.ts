import { UsageError } from 'barewire/base';
import { type EventFields, encodeComment, encodeEvent } from 'barewire/sse';
import t from 'tap';

const WRITTEN: readonly (readonly [title: string, fields: EventFields, text: string])[] = [
  ['data alone', { data: 'hi' }, 'data: hi\n\n'],
  ['empty data, which clients do dispatch', { data: '' }, 'data: \n\n'],
  ['id and data', { id: '42', data: '{"a":1}' }, 'id: 42\ndata: {"a":1}\n\n'],
  [
    'all four fields, data last [sse-9.2.5-2]',
    { data: 'd', event: 'e', id: 'i', retry: 0 },
    'event: e\nid: i\nretry: 0\ndata: d\n\n',
  ],
  ['one data field a line, split at LF [sse-9.2.5-7]', { data: 'a\nb' }, 'data: a\ndata: b\n\n'],
  ['one data field a line, split at CR', { data: 'a\rb' }, 'data: a\ndata: b\n\n'],
  ['one data field a line, CR LF counted once', { data: 'a\r\nb' }, 'data: a\ndata: b\n\n'],
  ['LF CR as two line ends', { data: 'a\n\rb' }, 'data: a\ndata: \ndata: b\n\n'],
  ['a line end at either end of the data', { data: '\na\n' }, 'data: \ndata: a\ndata: \n\n'],
  ['a value that begins with a space', { data: ' a', id: ' b' }, 'id:  b\ndata:  a\n\n'],
  ['NUL in data', { data: '\0' }, 'data: \0\n\n'],
  [
    'U+2028 and U+0085 as ordinary characters',
    { data: 'a\u2028b\u0085c' },
    'data: a\u2028b\u0085c\n\n',
  ],
  ['nothing for the type "", which means "message"', { event: '', data: 'a' }, 'data: a\n\n'],
  ['an empty id, which makes the client forget', { id: '', data: 'a' }, 'id: \ndata: a\n\n'],
  ['a position without an event', { id: '7' }, 'id: 7\n\n'],
  ['a reconnection time without an event', { retry: 1500 }, 'retry: 1500\n\n'],
];

for (const [title, fields, text] of WRITTEN) {
  t.test(`writes ${title}`, (t) => {
    t.equal(encodeEvent(fields), text);
    t.end();
  });
}

const REFUSED: readonly (readonly [title: string, fields: object])[] = [
  ...['\n', '\r', '\r\n', '\0'].flatMap((end) => [
    [`${JSON.stringify(end)} in a type`, { event: `a${end}data: x`, data: '' }] as const,
    [`${JSON.stringify(end)} in an id`, { id: `1${end}${end}data: x`, data: '' }] as const,
  ]),
  ['an event with no field', {}],
  ['a type without data, which clients would drop', { event: 'ping' }],
  ['data that is a number', { data: 1 }],
  ['data that is an object', { data: { toString: () => 'x' } }],
  ['data that is null', { data: null }],
  ['a type that is a number', { data: '', event: 1 }],
  ['an id that is a number', { data: '', id: 1 }],
  ['an id that is an array with a line end', { data: '', id: ['a\nb'] }],
  ...[-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e21, '10', '1\ndata: x', null].map(
    (retry) =>
      [`${JSON.stringify(retry)} (${String(retry)}) as retry`, { data: '', retry }] as const,
  ),
];

for (const [title, fields] of REFUSED) {
  t.test(`refuses ${title}`, (t) => {
    t.throws(() => encodeEvent(fields as EventFields), { code: 'invalid-argument' });
    t.end();
  });
}

t.test('writes comments, the shortest one in three bytes [sse-9.2.5-3]', (t) => {
  t.equal(encodeComment(), ':\n\n');
  t.equal(encodeComment('ping'), ': ping\n\n');
  t.equal(encodeComment(':colon'), ': :colon\n\n');
  t.end();
});

t.test('refuses a comment that would begin a line of its own', (t) => {
  for (const text of ['a\nb', 'a\rb', 'a\r\nb', 'a\0', 7, null]) {
    t.throws(() => encodeComment(text as string), UsageError);
  }
  t.end();
});
