/**
 * Output that nobody waits for: what one run of promise jobs writes is bounded, whether or not it
 * awaits what `write` returns, and whether or not the client reads.
 */
import type { Exchange } from 'barewire';
import t from 'tap';
import { get, serve } from '../support/serving.ts';
import { eventually } from '../support/sockets.ts';

const PIECE = Buffer.alloc(16 * 1024, 'x');
const PIECES = 2_000;
const BOUND = 1024 * 1024;
/** One piece and its frame may come on top, and a turn's output. */
const SLACK = 128 * 1024;

/** Writes and notes the most that waited; the client reads nothing. */
interface Flood {
  readonly write: (exchange: Exchange, watch: (bytes: number) => void) => unknown;
}

const FLOODS: Readonly<Record<string, Flood>> = {
  'a stream that awaits nothing': {
    write(exchange, watch) {
      const body = exchange.stream(200);
      for (let count = 0; count < PIECES; count += 1) {
        void body.write(PIECE);
        watch(body.bufferedAmount);
      }
    },
  },
  'a stream in promise jobs that await something else': {
    async write(exchange, watch) {
      const body = exchange.stream(200);
      for (let count = 0; count < PIECES; count += 1) {
        void body.write(PIECE);
        watch(body.bufferedAmount);
        await undefined;
      }
    },
  },
  'an event stream that awaits nothing': {
    write(exchange, watch) {
      const events = exchange.eventStream({ maxBufferedBytes: BOUND });
      const data = String(PIECE);
      for (let count = 0; count < PIECES; count += 1) {
        events.send({ data });
        watch(events.bufferedAmount);
      }
    },
  },
  'an event stream that drops': {
    write(exchange, watch) {
      const slowConsumer = 'drop-oldest' as const;
      const events = exchange.eventStream({ maxBufferedBytes: BOUND, slowConsumer });
      const data = String(PIECE);
      for (let count = 0; count < PIECES; count += 1) {
        events.send({ data });
        watch(events.bufferedAmount);
      }
    },
  },
};

for (const [name, { write }] of Object.entries(FLOODS)) {
  t.test(`${name} keeps no more than the bound`, async (t) => {
    let most = 0;
    let isDone = false;
    const { connect, errors } = await serve(t, {
      maxBufferedBytes: BOUND,
      async request(exchange) {
        await write(exchange, (bytes) => {
          most = Math.max(most, bytes);
        });
        isDone = true;
      },
    });
    const client = connect();
    client.socket.pause();
    client.send(get('/'));
    await eventually(() => isDone);
    t.ok(most > 0 && most <= BOUND + SLACK, `${most} bytes waited at most`);
    t.strictSame(errors, []);
  });
}

t.test(
  'a stream that awaits each write keeps little, and leaves the event loop its turns',
  async (t) => {
    let most = 0;
    let turns = 0;
    let isDone = false;
    const { connect } = await serve(t, async (exchange) => {
      const body = exchange.stream(200);
      const turn = (): void => {
        turns += 1;
        if (!isDone) setImmediate(turn);
      };
      setImmediate(turn);
      for (let count = 0; count < PIECES && (await body.write(PIECE)); count += 1) {
        most = Math.max(most, body.bufferedAmount);
      }
      isDone = true;
      body.end();
    });
    const client = connect();
    client.send(get('/'));
    await eventually(() => isDone);
    t.ok(most <= 256 * 1024, `${most} bytes waited at most`);
    // Some megabytes a turn are up to the kernel; without waiting there would be no turn at all.
    t.ok(turns > 5, `${turns} turns of the event loop`);
  },
);
