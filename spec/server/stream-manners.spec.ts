import { Duplex, type DuplexOptions } from 'node:stream';
import t from 'tap';
import { teachManners } from '../../lib/server/stream-manners.ts';
import { get, serve } from '../support/serving.ts';
import { eventually } from '../support/sockets.ts';

const nothing = (): void => undefined;
const settled = (): Promise<void> => new Promise((next) => setImmediate(next));

/** A stream that writes down what it says, in order. */
function make(options: DuplexOptions): { stream: Duplex; said: string[] } {
  const stream = new Duplex({ read: nothing, write: (_a, _b, done) => done(), ...options });
  const said: string[] = [];
  stream.on('error', ({ message }) => said.push(message));
  stream.on('close', () => said.push('close'));
  teachManners(stream);
  return { stream, said };
}

for (const emitClose of [true, false]) {
  const how = emitClose ? 'with emitClose' : 'without emitClose';

  t.test(`says once that it is closed, however it came to that, ${how}`, async (t) => {
    const throwing = (): never => {
      throw new Error('thrown');
    };
    const ways: [string, DuplexOptions, (stream: Duplex) => void, string[]][] = [
      ['destroyed', {}, (stream) => stream.destroy(), ['close']],
      ['failed', {}, (stream) => stream.destroy(new Error('gone')), ['gone', 'close']],
      [
        'failed in _destroy',
        { destroy: (_error, done) => done(new Error('late')) },
        (stream) => stream.destroy(),
        ['late', 'close'],
      ],
      ['_destroy throws', { destroy: throwing }, (stream) => stream.destroy(), ['thrown', 'close']],
      ['both sides have ended', {}, (stream) => stream.resume().end().push(null), ['close']],
    ];
    for (const [what, options, end, expected] of ways) {
      const { stream, said } = make({ emitClose, ...options });
      end(stream);
      await eventually(() => stream.closed);
      await settled();
      t.strictSame(said, expected, what);
    }
  });

  t.test(`fails with what its own functions throw, and nobody else does, ${how}`, async (t) => {
    const waiting: (() => void)[] = [];
    const ways: [string, DuplexOptions][] = [
      [
        '_write throws',
        {
          write() {
            throw new Error('broken');
          },
        },
      ],
      [
        'and what it throws is no Error',
        {
          write() {
            throw 'broken';
          },
        },
      ],
      [
        '_write throws for what had to wait',
        {
          write(chunk: Buffer, _encoding, done) {
            if (chunk.toString() === 'more') throw new Error('broken');
            waiting.push(done);
          },
        },
      ],
      [
        '_writev throws for what had to wait',
        {
          write: (_chunk, _encoding, done) => void waiting.push(done),
          writev() {
            throw new Error('broken');
          },
        },
      ],
    ];
    for (const [what, options] of ways) {
      const { stream, said } = make({ emitClose, ...options });
      stream.write('some');
      stream.write('more');
      stream.write('more');
      for (const done of waiting.splice(0)) done();
      await eventually(() => stream.closed);
      await settled();
      t.strictSame(said, ['broken', 'close'], what);
    }
  });

  t.test(`a server forgets such a stream, and tells who was being answered, ${how}`, async (t) => {
    const reports: unknown[] = [];
    const { server, time } = await serve(t, (exchange) => {
      exchange.onClose(({ reason, error }) => reports.push(reason, (error as Error)?.message));
      if (exchange.path === '/large') exchange.respond(200, {}, 'x'.repeat(100_000));
      if (exchange.path === '/now') exchange.respond(200, {}, 'hello');
    });
    const ask = async (path: string, options: DuplexOptions = {}): Promise<Duplex> => {
      const { requests } = server.stats();
      const stream = new Duplex({
        read: nothing,
        write: (_a, _b, done) => done(),
        emitClose,
        ...options,
      });
      server.serve(stream);
      stream.push(get(path));
      await eventually(() => server.stats().requests > requests);
      return stream;
    };
    (await ask('/later')).destroy();
    await eventually(() => server.stats().openConnections === 0);
    t.strictSame(reports.splice(0), ['cut', undefined]);
    await ask('/now', {
      write() {
        throw new Error('broken');
      },
    });
    await eventually(() => server.stats().openConnections === 0);
    t.strictSame(reports.splice(0), ['reset', 'broken']);
    for (const [method, reason] of [
      ['write', 'reset'],
      ['cork', 'reset'],
      ['uncork', 'reset'],
      ['end', 'completed'],
    ] as const) {
      const stream = new Duplex({ read: nothing, write: (_a, _b, done) => done(), emitClose });
      stream[method] = () => {
        throw new Error(`own ${method}`);
      };
      server.serve(stream);
      stream.push(get('/large', 'connection: close'));
      await eventually(() => reports.length > 0);
      await eventually(() => server.stats().openConnections === 0);
      t.equal(stream.errored?.message, `own ${method}`);
      t.ok(reports.splice(0).includes(reason), method);
    }
    await ask('/later', { autoDestroy: false }).then((stream) =>
      stream.emit('error', new Error('x')),
    );
    await eventually(() => server.stats().openConnections === 0);
    t.strictSame(reports.splice(0), ['reset', 'x']);
    await ask('/later');
    const closed = server.close({ deadlineMs: 0 });
    time.advance(200);
    t.same(await closed, { cut: 1 });
  });
}
