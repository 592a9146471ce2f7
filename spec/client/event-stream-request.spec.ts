import type { EventStreamEvent } from 'barewire/sse';
import t from 'tap';
import { EventStreamResponse } from '../../lib/client/event-stream-request.ts';
import { feedings } from '../support/feeding.ts';
import { duplexPair, eventually } from '../support/sockets.ts';

/** A response that is written by hand. */
function rig() {
  const [near, far] = duplexPair();
  const seen: string[] = [];
  const listener = {
    opened: (origin: string) => seen.push(`opened ${origin}`),
    event: ({ data }: EventStreamEvent) => seen.push(data),
    retry: (ms: number) => seen.push(`retry ${ms}`),
  };
  const response = new EventStreamResponse(near, 'http://a', listener, { lastEventId: '' });
  return { response, far, near, seen };
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n10\r\nretry: 5\ndata: a\r\n9\r\n\n\ndata: b\r\n2\r\n\n\n\r\n0\r\n\r\n`;

t.test('reads the same however it is cut', async (t) => {
  for (const { chunks, name } of feedings(Buffer.from(CHUNKED))) {
    const { response, far, seen } = rig();
    for (const chunk of chunks) far.write(chunk);
    await response.ended;
    t.strictSame(seen, ['opened http://a', 'retry 5', 'a', 'b'], name);
  }
});

t.test('skips interim responses', async (t) => {
  const { response, far, seen } = rig();
  far.write(`HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${HEAD}\r\ndata: x\n\n`);
  await response.begun;
  t.strictSame(seen, ['opened http://a', 'x']);
  response.cut();
});

t.test(
  'delivers what has come before it says that it is over, also when it was paused',
  async (t) => {
    for (const isBroken of [false, true]) {
      const { response, far, near, seen } = rig();
      far.write(`${HEAD}Content-Length: ${isBroken ? 1000 : 18}\r\n\r\n`);
      await response.begun;
      response.pause();
      near.resume();
      far.end('data: a\n\ndata: b\n\n');
      let outcome = 'none';
      response.ended.then(
        () => {
          outcome = 'ended';
        },
        ({ code }) => {
          outcome = code;
        },
      );
      await eventually(() => near.readableEnded);
      t.equal(outcome, 'none');
      t.strictSame(seen, ['opened http://a']);
      response.resume();
      await eventually(() => outcome !== 'none');
      t.equal(outcome, isBroken ? 'premature-eof' : 'ended');
      t.strictSame(seen, ['opened http://a', 'a', 'b']);
    }
  },
);

t.test('breaks off without a response, or for a reason of ours', async (t) => {
  const silent = rig();
  silent.far.end();
  await t.rejects(silent.response.begun, { code: 'premature-eof' });
  const given = rig();
  given.far.write(`${HEAD}\r\n`);
  await given.response.begun;
  given.response.giveUp(new Error('enough'));
  await t.rejects(given.response.ended, { message: 'enough' });
  t.equal(given.near.destroyed, true);
  const dead = duplexPair()[0];
  dead.destroy();
  const listener = { opened: () => {}, event: () => {}, retry: () => {} };
  const response = new EventStreamResponse(dead, '', listener, { lastEventId: '' });
  await t.rejects(response.begun, { code: 'premature-eof' });
});
