import { UsageError } from 'barewire/base';
import type { OutgoingMessage } from 'barewire/connection';
import { MessageWriter, type WriterPace } from 'barewire/peer';
import t from 'tap';
import { Pair } from '../support/connection-pair.ts';

/** A pace in the hands of a spec. */
class Pace implements WriterPace {
  hasPlace = true;
  mayHold = true;
  /** What was asked for, in bytes. */
  readonly asked: number[] = [];
  #resolve: (() => void)[] = [];

  admits(bytes: number): boolean {
    this.asked.push(bytes);
    return this.mayHold;
  }
  hasRoom(_message: OutgoingMessage): boolean {
    return this.hasPlace;
  }
  untilRoom(): Promise<void> {
    if (this.hasPlace) return Promise.resolve();
    return new Promise((resolve) => this.#resolve.push(resolve));
  }
  open(): void {
    this.hasPlace = true;
    for (const resolve of this.#resolve.splice(0)) resolve();
  }
}

t.test('waits for room after each piece, and says when the connection is gone', async (t) => {
  const pair = new Pair();
  const pace = new Pace();
  const writer = new MessageWriter(pair.client.connection.startMessage('text'), pace);
  t.equal(await writer.write('a'), true);
  pace.hasPlace = false;
  let isWritten = false;
  const writing = writer.write(Buffer.from('b')).then((isTaken) => {
    isWritten = true;
    return isTaken;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(isWritten, false);
  pace.open();
  t.equal(await writing, true);
  t.equal(await writer.end('c'), true);
  t.equal(await writer.write('late'), false);
  t.equal(await writer.end(), false);
  pair.settle();
  t.strictSame(pair.server.seen, [['message', 'abc']]);
});

t.test('says of a write that waited whether the connection has ended meanwhile', async (t) => {
  for (const how of ['terminate', 'close', 'goes on'] as const) {
    const pair = new Pair();
    const { connection } = pair.client;
    const pace = new Pace();
    pace.hasPlace = false;
    const writer = new MessageWriter(connection.startMessage('text'), pace);
    const writing = writer.write('a');
    if (how === 'close') connection.close();
    else if (how === 'terminate') connection.terminate();
    pace.open();
    t.equal(await writing, how === 'goes on', how);
    t.equal(await writer.end('b'), how === 'goes on', how);
  }
  const { connection } = new Pair().client;
  const pace = new Pace();
  pace.hasPlace = false;
  const writer = new MessageWriter(connection.startMessage('text'), pace);
  const ending = writer.end('all of it');
  connection.terminate();
  pace.open();
  t.equal(await ending, true, 'it had been taken before');
});

t.test('gives the event loop a turn after 64 KiB, and after a thousand small pieces', async (t) => {
  for (const piece of [Buffer.alloc(16 * 1024), Buffer.alloc(1)]) {
    const pair = new Pair();
    const writer = new MessageWriter(pair.client.connection.startMessage('binary'), new Pace());
    let turns = 0;
    const turn = (): void => {
      turns += 1;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    for (let pieces = 0; pieces < 4096; pieces += 1) await writer.write(piece);
    clearImmediate(next);
    const bytes = 4096 * (piece.length + 64);
    t.ok(turns >= Math.floor(bytes / (80 * 1024)), `${turns} turns for ${bytes} bytes`);
  }
});

t.test('holds what nobody waited for only as long as that is admitted', async (t) => {
  const pair = new Pair();
  const pace = new Pace();
  pace.hasPlace = false;
  const writer = new MessageWriter(pair.client.connection.startMessage('text'), pace);
  pace.mayHold = false;
  // The first is waited for by nobody yet, and needs no permission.
  const first = writer.write('a');
  t.equal(await writer.write('b'), false);
  pace.mayHold = true;
  const third = writer.write('語');
  t.strictSame(pace.asked, [1, 3], 'in bytes, as it is bounded');
  pace.open();
  t.strictSame(await Promise.all([first, third]), [true, true]);
  await writer.end();
  pair.settle();
  t.strictSame(pair.server.seen, [['message', 'a語']]);
});

t.test('refuses pieces that are no message data', async (t) => {
  const pair = new Pair();
  const writer = new MessageWriter(pair.client.connection.startMessage('text'), new Pace());
  await t.rejects(writer.write(5 as unknown as string), UsageError);
  await t.rejects(writer.end(5 as unknown as string), UsageError);
  t.equal(writer.abandon(), true);
});

t.test('text may be cut inside a code point', async (t) => {
  const text = 'a😀b';
  for (let cut = 0; cut <= text.length; cut += 1) {
    const pair = new Pair();
    const writer = new MessageWriter(pair.client.connection.startMessage('text'), new Pace());
    t.equal(await writer.write(text.slice(0, cut)), true);
    t.equal(await writer.write(text.slice(cut)), true);
    await writer.end();
    pair.settle();
    t.strictSame(pair.server.seen, [['message', text]], `cut at ${cut}`);
  }
});

t.test('half a code point that stays alone is replaced, and not lost', async (t) => {
  const endings: readonly (string | Buffer | undefined)[] = [undefined, '', 'x', Buffer.from('x')];
  for (const ending of endings) {
    const pair = new Pair();
    const writer = new MessageWriter(pair.client.connection.startMessage('text'), new Pace());
    await writer.write('a\ud83d');
    await writer.end(ending);
    pair.settle();
    t.strictSame(pair.server.seen, [['message', `a\ufffd${ending ?? ''}`]]);
  }
});
