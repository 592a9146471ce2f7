import t from 'tap';
import { Room } from '../../lib/peer/room.ts';

t.test('lets each one go on when what it waits for is true', async (t) => {
  const room = new Room();
  const seen: string[] = [];
  let level = 0;
  await room.wait(() => true);
  const first = room.wait(() => level >= 1).then(() => seen.push('first'));
  const second = room.wait(() => level >= 2).then(() => seen.push('second'));
  room.check();
  await Promise.resolve();
  t.strictSame(seen, []);
  level = 1;
  room.check();
  await first;
  t.strictSame(seen, ['first']);
  level = 2;
  room.check();
  await second;
  t.strictSame(seen, ['first', 'second']);
});

t.test('lets everybody go when there is nothing left to wait for', async (t) => {
  const room = new Room();
  const waiting = [room.wait(() => false), room.wait(() => false)];
  room.check();
  room.release();
  t.equal((await Promise.all(waiting)).length, 2);
  room.release();
});

t.test('asks nothing more for one whose signal was aborted', async (t) => {
  const room = new Room();
  const aborter = new AbortController();
  const reason = new Error('enough');
  await t.rejects(
    room.wait(() => true, AbortSignal.abort(reason)),
    reason,
  );
  let asked = 0;
  const hasRoom = (): boolean => {
    asked += 1;
    return false;
  };
  const waiting = room.wait(hasRoom, aborter.signal);
  aborter.abort(reason);
  await t.rejects(waiting, reason);
  room.check();
  t.equal(asked, 1);
});

t.test('does nothing for nobody, and nothing again for who has gone on', async (t) => {
  const room = new Room();
  room.check();
  room.release();
  let asked = 0;
  const waiting = room.wait(() => {
    asked += 1;
    return asked > 1;
  });
  room.check();
  await waiting;
  room.check();
  room.release();
  t.equal(asked, 2);
});
