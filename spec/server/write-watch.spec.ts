import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { WriteWatch } from '../../lib/server/write-watch.ts';
import { FakeTime } from '../support/fake-time.ts';

function setUp(): {
  time: FakeTime;
  watch: WriteWatch;
  state: { waiting: number; stalls: number };
} {
  const time = new FakeTime();
  const state = { waiting: 0, stalls: 0 };
  const watch = new WriteWatch(new TimerWheel(time), 10_000, {
    get socketBytes() {
      return state.waiting;
    },
    stalled() {
      state.stalls += 1;
    },
  });
  return { time, watch, state };
}

t.test('says nothing while everything leaves at once', (t) => {
  const { time, watch, state } = setUp();
  watch.update(100, state.waiting);
  time.advance(60_000);
  t.equal(state.stalls, 0);
  t.end();
});

t.test('says when what waits does not leave in time, and not before', (t) => {
  const { time, watch, state } = setUp();
  state.waiting = 100;
  watch.update(100, state.waiting);
  time.advance(9_999);
  t.equal(state.stalls, 0);
  time.advance(1_000);
  t.equal(state.stalls, 1);
  t.end();
});

t.test('is not moved by a little that leaves, nor by more that is handed over', (t) => {
  const { time, watch, state } = setUp();
  state.waiting = 100;
  watch.update(100, state.waiting);
  for (let second = 1; second <= 10; second += 1) {
    time.advance(1_000);
    state.waiting += 9;
    watch.update(100 + second * 10, state.waiting);
  }
  time.advance(1_000);
  t.equal(state.stalls, 1);
  t.end();
});

t.test('begins again when all that waited has left', (t) => {
  const { time, watch, state } = setUp();
  state.waiting = 100;
  watch.update(100, state.waiting);
  time.advance(9_000);
  state.waiting = 50;
  watch.update(200, state.waiting);
  time.advance(9_000);
  t.equal(state.stalls, 0);
  time.advance(2_000);
  t.equal(state.stalls, 1);
  t.end();
});

t.test('gives what was handed over later its own time, unseen as its leaving may be', (t) => {
  const { time, watch, state } = setUp();
  state.waiting = 100;
  watch.update(100, state.waiting);
  time.advance(5_000);
  state.waiting = 200;
  watch.update(200, state.waiting);
  // The first hundred leave, and nobody is told.
  state.waiting = 100;
  time.advance(6_000);
  t.equal(state.stalls, 0);
  time.advance(5_000);
  t.equal(state.stalls, 1);
  t.end();
});

t.test('of much that waits, a portion must leave each time, whoever looks meanwhile', (t) => {
  const KIB = 1024;
  for (const isTold of [true, false]) {
    const { time, watch, state } = setUp();
    state.waiting = 500 * KIB;
    watch.update(500 * KIB, state.waiting);
    const leave = (bytes: number): void => {
      time.advance(9_500);
      state.waiting -= bytes;
      if (isTold) watch.update(500 * KIB, state.waiting);
      time.advance(500);
    };
    for (let portion = 0; portion < 3; portion += 1) leave(128 * KIB);
    t.equal(state.stalls, 0);
    leave(116 * KIB - 1);
    time.advance(11_000);
    t.equal(state.stalls, 1, 'what is left must leave whole');
  }
  t.end();
});

t.test('a byte less than a portion is a stall', (t) => {
  const { time, watch, state } = setUp();
  state.waiting = 500_000;
  watch.update(500_000, state.waiting);
  time.advance(5_000);
  state.waiting -= 128 * 1024 - 1;
  watch.update(500_000, state.waiting);
  time.advance(6_000);
  t.equal(state.stalls, 1);
  t.end();
});

t.test('stops, and stops when everything has left', (t) => {
  const { time, watch, state } = setUp();
  state.waiting = 100;
  watch.update(100, state.waiting);
  state.waiting = 0;
  watch.update(100, state.waiting);
  time.advance(20_000);
  state.waiting = 100;
  watch.update(200, state.waiting);
  watch.clear();
  time.advance(20_000);
  t.equal(state.stalls, 0);
  t.end();
});

t.test('lets be what has left unseen at the deadline', (t) => {
  const { time, watch, state } = setUp();
  state.waiting = 100;
  watch.update(100, state.waiting);
  state.waiting = 0;
  time.advance(60_000);
  t.equal(state.stalls, 0);
  state.waiting = 50;
  watch.update(200, state.waiting);
  time.advance(11_000);
  t.equal(state.stalls, 1, 'and watches what is written later');
  t.end();
});
