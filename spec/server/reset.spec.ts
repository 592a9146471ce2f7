import { once } from 'node:events';
import { connect, createServer, type Server, Socket } from 'node:net';
import type { Exchange } from 'barewire';
import t, { type Test } from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { ResetProbe, resetSocket } from '../../lib/server/reset.ts';
import { FakeTime } from '../support/fake-time.ts';
import { get, serve } from '../support/serving.ts';
import { duplexPair, eventually, listen, socketPath } from '../support/sockets.ts';

interface Pair {
  readonly time: FakeTime;
  readonly wheel: TimerWheel;
  /** A socket that is not read. */
  readonly ours: Socket;
  readonly theirs: Socket;
  readonly errors: string[];
}

/** Two ends of a connection; on a unix socket where a path is given. */
async function pair(t: Test, path?: string): Promise<Pair> {
  const server: Server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  if (path === undefined) await listen(server);
  else await new Promise<void>((done) => server.listen(path, done));
  const accepted = once(server, 'connection');
  const theirs = connect((path ? { path } : server.address()) as { port: number });
  theirs.on('error', () => undefined);
  const [ours] = (await accepted) as [Socket];
  const errors: string[] = [];
  ours.on('error', (error: NodeJS.ErrnoException) => errors.push(String(error.code)));
  t.teardown(() => {
    ours.destroy();
    theirs.destroy();
    server.close();
  });
  const time = new FakeTime();
  return { time, wheel: new TimerWheel(time), ours, theirs, errors };
}

t.test('finds a reset of a socket that is not read, within a second', async (t) => {
  const { time, wheel, ours, theirs, errors } = await pair(t);
  const probe = new ResetProbe(wheel, ours);
  theirs.resetAndDestroy();
  await once(theirs, 'close');
  t.equal(ours.destroyed, false, 'nobody has told it');
  time.advance(1_100);
  await eventually(() => ours.destroyed);
  t.match(errors[0], /^(ECONNRESET|EPIPE)$/);
  probe.stop();
  t.equal(wheel.length, 0);
});

t.test('finds the end of a unix socket that is not read', async (t) => {
  const { time, wheel, ours, theirs } = await pair(t, socketPath(t));
  new ResetProbe(wheel, ours);
  theirs.destroy();
  await once(theirs, 'close');
  time.advance(1_100);
  await eventually(() => ours.destroyed);
  time.advance(1_100);
  t.equal(wheel.length, 0, 'a socket that is gone is not asked again');
});

t.test('asks nothing behind what waits to be written, where the questions would pile up', (t) => {
  const time = new FakeTime();
  const wheel = new TimerWheel(time);
  const socket = new Socket();
  let writes = 0;
  socket.write = () => {
    writes += 1;
    return true;
  };
  let waiting = 5;
  Object.defineProperty(socket, 'writableLength', { get: () => waiting });
  const probe = new ResetProbe(wheel, socket);
  time.advance(60_000);
  t.equal(writes, 0);
  waiting = 0;
  time.advance(2_000);
  t.ok(writes > 0, 'it goes on when that has left');
  probe.stop();
  t.end();
});

t.test('sends nothing, as often as it asks', async (t) => {
  const { time, wheel, ours, theirs, errors } = await pair(t);
  const probe = new ResetProbe(wheel, ours);
  time.advance(60_000);
  t.equal(ours.bytesWritten, 0);
  ours.write('x');
  time.advance(60_000);
  ours.end('y');
  time.advance(60_000);
  let text = '';
  for await (const bytes of theirs) text += String(bytes);
  t.equal(text, 'xy');
  t.same(errors, []);
  probe.stop();
});

// More than Node takes of a stream at a time, for it may read on behind a pause.
for (const [path, count, isSeen] of [
  ['/', 2, true],
  ['/'.padEnd(7_000, 'x'), 15, false],
] as const) {
  const how = isSeen ? 'within what is read ahead' : 'behind more, until that is read';
  t.test(`${isSeen ? 'sees' : 'does not see'} a client end its side ${how}`, async (t) => {
    const asked: Exchange[] = [];
    const { connect, server, time } = await serve(t, {
      maxUnreadBytes: 1_000,
      request: (exchange) => void asked.push(exchange),
    });
    const { socket } = connect().send(get('/'));
    await eventually(() => asked.length === 1);
    const { signal } = asked[0]!;
    socket.end(get(path).repeat(count));
    await once(socket, 'finish');
    if (isSeen) await eventually(() => signal.aborted);
    for (let second = 0; second < 60; second += 1) {
      await new Promise((next) => setImmediate(next));
      // Nor is it seen by a write of no bytes: the end is no reset.
      time.advance(1_000);
    }
    t.equal(signal.aborted, isSeen);
    t.equal(server.stats().openConnections, isSeen ? 0 : 1);
    if (isSeen) return;
    for (let answered = 0; answered < count; answered += 1) {
      asked[answered]!.respond(200);
      await eventually(() => asked.length > answered + 1);
    }
    await eventually(() => asked[count]!.signal.aborted);
  });
}

t.test('asks no more when it is stopped, and no stream that is no socket', async (t) => {
  const { time, wheel, ours, theirs } = await pair(t);
  new ResetProbe(wheel, ours).stop();
  theirs.resetAndDestroy();
  await once(theirs, 'close');
  const [stream] = duplexPair();
  stream.write = () => t.fail('an empty write');
  new ResetProbe(wheel, stream);
  t.equal(wheel.length, 0);
  time.advance(5_000);
  t.equal(ours.destroyed, false);
});

t.test('resets a TCP socket, and destroys any other stream', async (t) => {
  const { ours, theirs } = await pair(t);
  const reset = once(theirs, 'error');
  resetSocket(ours);
  t.match(await reset, [{ code: 'ECONNRESET' }]);
  const [stream] = duplexPair();
  resetSocket(stream);
  t.equal(stream.destroyed, true);
});

t.test('does not take an end away that is on its way', async (t) => {
  const { ours, theirs, errors } = await pair(t);
  const ended = once(theirs.resume(), 'end');
  ours.end();
  t.equal(ours.writableFinished, false);
  resetSocket(ours);
  await ended;
  await eventually(() => ours.closed);
  t.strictSame(errors, []);
  const second = await pair(t);
  let text = '';
  second.theirs.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  second.ours.end('all of it');
  await once(second.theirs, 'end');
  await eventually(() => second.ours.writableFinished);
  resetSocket(second.ours);
  t.equal(text, 'all of it');
});

t.test('resets what still waits to be written', async (t) => {
  const { ours, theirs } = await pair(t);
  theirs.pause();
  ours.end(Buffer.alloc(20_000_000));
  t.ok(ours.writableLength > 0);
  const reset = once(theirs, 'error');
  resetSocket(ours);
  theirs.resume();
  t.match(await reset, [{ code: 'ECONNRESET' }]);
});
