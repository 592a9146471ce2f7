/** Laws of writing events: whatever the values hold, a client sees what was given, or nothing. */
import assert from 'node:assert/strict';
import { UsageError } from 'barewire/base';
import { type EventFields, encodeComment, encodeEvent } from 'barewire/sse';
import t from 'tap';
import { anyComment, anyFields } from '../support/event-stream-arbitraries.ts';
import { readStream } from '../support/event-streams.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

/** Whether the fields may be written at all, said in one sentence for each rule. */
function isWritable({ data, event, id, retry: ms }: EventFields): boolean {
  const isOneLine = (value = ''): boolean => !/[\r\n\0]/.test(value);
  if (!isOneLine(event) || !isOneLine(id)) return false;
  if (ms !== undefined && !(Number.isSafeInteger(ms) && ms >= 0)) return false;
  if (event !== undefined && data === undefined) return false;
  return data !== undefined || id !== undefined || ms !== undefined;
}

const unicode = (text: string): string => Buffer.from(text).toString();

t.test('law: an event is refused, or is the one event that was given', (t) => {
  let [written, refused] = [0, 0];
  fc.assert(
    fc.property(anyFields, (given) => {
      let text: string;
      try {
        text = encodeEvent(given);
      } catch (error) {
        assert.ok(error instanceof UsageError && error.code === 'invalid-argument');
        assert.equal(isWritable(given), false, 'refused without a reason');
        refused += 1;
        return;
      }
      written += 1;
      assert.equal(isWritable(given), true, 'written, although a value would begin a line');
      const { data, event, id = 'before', retry: ms } = given;
      const found = readStream([Buffer.from(`${text}data: next\n\n`)], { lastEventId: 'before' });
      const lastEventId = unicode(id);
      const next = { type: 'message', data: 'next', lastEventId };
      const own = data === undefined ? [] : [unicode(data).replace(/\r\n|\r/g, '\n')];
      const type = unicode(event || 'message');
      const events = [...own.map((read) => ({ type, data: read, lastEventId })), next];
      const time = ms === undefined ? null : Math.min(ms, 2 ** 31 - 1);
      assert.deepEqual(JSON.parse(JSON.stringify(found.events)), events);
      assert.deepEqual([found.retry, found.failures], [time, []]);
    }),
    runs(600),
  );
  t.ok(written > 50 && refused > 50, `${written} written, ${refused} refused`);
  t.end();
});

t.test('law: a comment is refused, or seen by nobody', (t) => {
  fc.assert(
    fc.property(anyComment, (text) => {
      if (/[\r\n\0]/.test(text)) {
        assert.throws(() => encodeComment(text), { code: 'invalid-argument' });
        return;
      }
      const wire = `${encodeComment(text)}data: next\n\n`;
      const { events, retry: ms, lastEventId } = readStream([Buffer.from(wire)]);
      assert.deepEqual([events.map(({ data }) => data), ms, lastEventId], [['next'], null, '']);
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});
