import { getEventListeners } from 'node:events';
import { mock } from 'node:test';
import t from 'tap';
import { PollDesk, type PollDeskOptions } from '../../tools/demo/poll-desk.ts';
import { Ticker, ticksIn } from '../../tools/demo/ticker.ts';

mock.timers.enable({ apis: ['setTimeout'] });
t.teardown(() => mock.timers.reset());

const open = (options: PollDeskOptions = {}) => {
  const clock = { now: 0 };
  const ticker = new Ticker({ epoch: 'e', now: () => clock.now, random: () => 0.5 });
  const desk = new PollDesk(ticker, { now: () => clock.now, ...options });
  const poll = (page: string, after: string, signal = new AbortController().signal) =>
    desk.poll(page, after, signal);
  return { clock, ticker, desk, poll };
};

t.test('holds a first poll until the next event [6202-2.1-1 6202-2.1-2]', async (t) => {
  const { clock, ticker, desk, poll } = open();
  ticker.tick();
  const answer = poll('p', '');
  t.equal(desk.size, 1);
  clock.now = 740;
  ticker.tick();
  const tick = { n: 2, value: 50, at: 740 };
  t.same(await answer, { ticks: [tick], lastId: 'e-2', why: 'ticks', heldMs: 740 });
  t.equal(desk.size, 0);
});

t.test('answers at once with everything that came between two polls [6202-2.2-2]', async (t) => {
  const { ticker, desk, poll } = open();
  for (let n = 0; n < 4; n += 1) ticker.tick();
  const answer = await poll('p', 'e-1');
  t.same(
    answer.ticks.map(({ n }) => n),
    [2, 3, 4],
  );
  t.match(answer, { lastId: 'e-4', why: 'ticks', heldMs: 0 });
  t.equal(desk.size, 0);
});

t.test('answers with nothing when the time is over [6202-5.4-1 6202-5.5-2]', async (t) => {
  const { ticker, desk, poll } = open();
  ticker.tick();
  const answer = poll('p', 'e-1');
  mock.timers.tick(24_999);
  t.equal(desk.size, 1);
  mock.timers.tick(1);
  t.match(await answer, { ticks: [], lastId: 'e-1', why: 'timeout' });
  t.equal(desk.size, 0);
});

t.test('holds one poll for a page: a newer one replaces it [6202-5.1-2]', async (t) => {
  const { ticker, desk, poll } = open();
  ticker.tick();
  const [older, newer, other] = [poll('p', 'e-1'), poll('p', 'e-1'), poll('q', 'e-1')];
  t.match(await older, { ticks: [], lastId: 'e-1', why: 'replaced' });
  t.equal(desk.size, 2);
  ticker.tick();
  t.match(await newer, { lastId: 'e-2', why: 'ticks' });
  t.match(await other, { lastId: 'e-2', why: 'ticks' });
});

t.test('forgets a client that is gone, with its timer and its listeners', async (t) => {
  const { desk, poll, ticker } = open();
  const controller = new AbortController();
  const answer = poll('p', '', controller.signal);
  t.equal(desk.size, 1);
  controller.abort();
  t.match(await answer, { ticks: [] });
  t.equal(desk.size, 0);
  t.equal(getEventListeners(controller.signal, 'abort').length, 0);
  ticker.tick();
  t.match(await poll('q', '', AbortSignal.abort()), { ticks: [] });
  t.equal(desk.size, 0);
});

t.test('holds no more than it may, and answers the rest at once [6202-6-2]', async (t) => {
  const { desk, poll } = open({ maxHeld: 2 });
  const held = [poll('a', ''), poll('b', '')];
  t.match(await poll('c', ''), { ticks: [], why: 'busy', lastId: 'e-0' });
  t.equal(desk.size, 2);
  desk.close();
  for (const answer of held) t.match(await answer, { why: 'timeout' });
});

t.test('tells that it cannot continue from a position, and where to go on', async (t) => {
  const { ticker, poll } = open();
  ticker.tick();
  for (const after of ['old-7', 'e-99', '<script>', '7']) {
    t.match(await poll('p', after), { ticks: [], lastId: 'e-1', why: 'reset' });
  }
});

t.test('loses and doubles nothing over many polls', async (t) => {
  const { ticker, poll } = open();
  const seen: number[] = [];
  let position = '';
  for (let round = 0; round < 50; round += 1) {
    const answer = poll('p', position);
    for (let n = 0; n < round % 4; n += 1) ticker.tick();
    if (round % 4 === 0) mock.timers.tick(25_000);
    const { ticks, lastId } = await answer;
    seen.push(...ticks.map(({ n }) => n));
    position = lastId;
    if (round % 3 === 0) ticker.tick();
  }
  const last = seen.at(-1) ?? 0;
  t.ok(last > 50);
  t.same(
    seen,
    Array.from({ length: last - (seen[0] ?? 0) + 1 }, (_, index) => index + (seen[0] ?? 0)),
  );
});

t.test('the ticker ticks by itself, within its bounds, until it is stopped', (t) => {
  const ticker = new Ticker({ epoch: 'e' });
  let count = 0;
  const unsubscribe = ticker.subscribe(() => {
    count += 1;
  });
  ticker.start();
  // A timer that is set while another one runs is only seen by the next call.
  for (let ms = 0; ms < 60_000; ms += 50) mock.timers.tick(50);
  t.ok(count >= 40 && count <= 172, `${count} in a minute`);
  const values = ticksIn(ticker.log.recent(1000)).map(({ value }) => value);
  t.ok(values.every((value) => value >= 4 && value <= 98));
  ticker.stop();
  const before = count;
  mock.timers.tick(60_000);
  t.equal(count, before);
  unsubscribe();
  ticker.tick();
  t.equal(count, before);
  t.end();
});
