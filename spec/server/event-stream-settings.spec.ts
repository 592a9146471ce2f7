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
