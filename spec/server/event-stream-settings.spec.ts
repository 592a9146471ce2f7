import { Fields } from 'barewire/http';
import t from 'tap';
import {
  checkEventStream,
  type EventStreamOptions,
  eventStreamFields,
  readLastEventId,
} from '../../lib/server/event-stream-settings.ts';

t.test('has defaults', (t) => {
  const { keepAliveMs, opening, replay, backlog } = checkEventStream({});
  t.same([keepAliveMs, opening, replay, backlog.policy], [15_000, ':\n\n', undefined, 'wait']);
  t.end();
});

t.test('refuses what is no setting, and coerces nothing', (t) => {
  const bad: unknown[] = [
    { keepAliveMs: -1 },
    { keepAliveMs: 1.5 },
    { keepAliveMs: '5' },
    { padding: Number.NaN },
    { retry: -1 },
    { retry: [1, -1] },
    { retry: ['1', 2] },
    { slowConsumer: 'ignore' },
    { maxBufferedBytes: -1 },
  ];
  for (const options of bad) {
    t.throws(() => checkEventStream(options as EventStreamOptions), { code: 'invalid-option' });
  }
  t.end();
});

t.test('puts the application’s fields in the place of the usual ones', (t) => {
  const fields = Fields.from(eventStreamFields({ 'Cache-Control': 'private', b: 'c' }));
  const names = [...fields].map(([name]) => name);
  t.same(names, ['content-type', 'x-accel-buffering', 'Cache-Control', 'b']);
  t.doesNotThrow(() => eventStreamFields({ 'content-type': 'Text/Event-Stream; charset=utf-8' }));
  t.throws(() => eventStreamFields({ 'content-type': 'text/event-streams' }), {
    code: 'invalid-header',
  });
  t.throws(() => eventStreamFields({ a: '\n' }), { code: 'invalid-header' });
  t.end();
});

t.test('reads where a client stopped', (t) => {
  const query = new URLSearchParams('lastEventId=q');
  t.equal(readLastEventId(Fields.from({ 'Last-Event-ID': 'h' }), query), 'h');
  t.equal(readLastEventId(Fields.empty, query), 'q');
  t.equal(readLastEventId(Fields.empty, new URLSearchParams()), '');
  t.end();
});

t.test('begins with as much padding and the retry that are wanted', (t) => {
  const openingOf = (options: EventStreamOptions): string => checkEventStream(options).opening;
  t.equal(openingOf({ padding: 0 }), ':\n\n');
  t.match(openingOf({ padding: 2048 }), /^: {2048,2049}\n\n$/);
  t.equal(openingOf({ retry: 0 }), ':\n\nretry: 0\n\n');
  t.equal(openingOf({ retry: [7, 7] }), ':\n\nretry: 7\n\n');
  const drawn = new Set(Array.from({ length: 200 }, () => openingOf({ retry: [5, 7] })));
  t.strictSame(
    [...drawn].sort(),
    [5, 6, 7].map((ms) => `:\n\nretry: ${ms}\n\n`),
  );
  t.equal(openingOf({ retry: [7, 5] }), ':\n\nretry: 7\n\n', 'nothing lies between');
  t.end();
});

t.test('has its usual fields when the application gives none', (t) => {
  const fields = Fields.from(eventStreamFields(undefined));
  t.equal(fields.get('content-type'), 'text/event-stream');
  t.equal(fields.length, 3);
  t.end();
});

t.test('reads a position in UTF-8, whatever reads the field', (t) => {
  const fields = Fields.from({ 'Last-Event-ID': Buffer.from('grün-7').toString('latin1') });
  t.equal(readLastEventId(fields, new URLSearchParams()), 'grün-7');
  t.end();
});
