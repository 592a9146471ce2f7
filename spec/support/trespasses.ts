/**
 * Clients that keep to one deadline or bound of a server, or miss it by as little as can be, over a
 * wire in the hands of a law.
 */
import assert from 'node:assert/strict';
import { createServer, type Exchange } from 'barewire';
import { FakeTime } from './fake-time.ts';
import { fc } from './fast-check.ts';
import { turn } from './interleavings.ts';
import { get } from './serving.ts';
import { duplexPair } from './sockets.ts';

/** Text that is nowhere the same. */
export const numbered = (length: number): string =>
  Array.from({ length: Math.ceil(length / 2) }, (_, index) => `${index} `)
    .join('')
    .slice(0, length);

const spanMs = fc.integer({ min: 1, max: 40_000 });
const count = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });

/** The bounds of a server. */
export const bounds = fc.record({
  headTimeoutMs: spanMs,
  bodyTimeoutMs: spanMs,
  keepAliveTimeoutMs: spanMs,
  writeTimeoutMs: spanMs,
  halfCloseTimeoutMs: spanMs,
  lingerTimeoutMs: spanMs,
  maxRequestsPerConnection: count(3, 9),
  maxBodyBytes: count(9, 3_000),
  maxDrainBytes: count(2, 3_000),
  maxUnreadBytes: count(1_000, 90_000),
  maxBufferedBytes: count(50_000, 300_000),
});
export type Bounds = typeof bounds extends fc.Arbitrary<infer Value> ? Value : never;

const MUCH = Buffer.alloc(500_000);
const PIECE_BYTES = 10_000;
/** What waits for a handler, beside what is read ahead. */
const PAUSE_BYTES = 65_536;
/** A tick of the wheel, by which a deadline may be late. */
const TICK_MS = 1_000;

/** A connection to a server with such bounds. */
class Line {
  readonly time = new FakeTime();
  readonly bounds: Bounds;
  readonly asked: string[] = [];
  readonly errors: unknown[] = [];
  readonly near;
  readonly far;
  received = '';
  hasEnded = false;
  #sent = 0;
  /** How many pieces `/hose` writes. */
  #pieces = 0;
  readonly server;

  constructor(bounds: Bounds) {
    this.bounds = bounds;
    [this.near, this.far] = duplexPair();
    const ended = (): void => {
      this.hasEnded = true;
    };
    this.far
      .on('error', () => {})
      .on('end', ended)
      .on('close', ended);
    this.far.on('data', (bytes: Buffer) => {
      this.received += bytes.toString('latin1');
    });
    this.server = createServer({
      ...bounds,
      time: this.time,
      error: (error) => this.errors.push(error),
      request: (exchange) => {
        this.asked.push(exchange.path);
        return this.#answer(exchange);
      },
    });
    this.server.serve(this.near);
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { path, body } = exchange;
    if (path === '/much') exchange.respond(200, {}, MUCH);
    else if (path === '/echo') exchange.respond(200, {}, await body.bytes());
    else if (path === '/pieces') {
      for await (const _ of body);
      exchange.respond(200, {}, 'pieces');
    } else if (path === '/hose') {
      const stream = exchange.stream(200);
      for (let left = this.#pieces; left > 0; left -= 1)
        void stream.write(Buffer.alloc(PIECE_BYTES));
      stream.end();
    } else if (path === '/sip') await body.pieces({ maxBytes: 1e6 }).next();
    else if (path !== '/never') exchange.respond(200, {}, path.slice(1));
  }

  /** Has a handler write so many bytes at once. */
  async hose(bytes: number): Promise<void> {
    this.#pieces = Math.ceil(bytes / PIECE_BYTES);
    await this.send(get('/hose'));
  }

  /** Sends, in pieces of a kilobyte. */
  async send(text: string): Promise<void> {
    this.#sent += text.length;
    for (let at = 0; at < text.length; at += 1_000) this.far.write(text.slice(at, at + 1_000));
    await rest(6);
  }

  /** How much of what was sent the server has taken. */
  get taken(): number {
    return this.#sent - this.far.writableLength - this.near.readableLength;
  }

  /**
   * The server has enough in so many ms, no sooner, and at most a tick later.
   *
   * @param trickle what is sent meanwhile, and gives nobody more time.
   */
  async expires(ms: number, end: RegExp, trickle = ''): Promise<void> {
    const part = Math.floor((ms - 1) / 3);
    for (const span of [part, part, ms - 1 - 2 * part]) {
      this.time.advance(span);
      await this.send(trickle);
    }
    await rest(3);
    assert.ok(!this.hasEnded, 'a deadline comes early');
    this.time.advance(TICK_MS + 1);
    await rest(3);
    assert.ok(this.hasEnded || this.near.destroyed, 'a deadline does not come');
    assert.match(this.received, end);
    this.time.advance(this.bounds.lingerTimeoutMs + TICK_MS);
    await rest(3);
    assert.ok(this.near.destroyed, 'the connection lingers for ever');
  }

  /** These answers have come, and whether the last one said that it is. */
  answers(bodies: readonly string[], saysClose: boolean): void {
    const heads = this.received.match(/HTTP\/1\.1 200 .*?\r\n\r\n/gs) ?? [];
    const closing = heads.filter((head) => /connection: close/i.test(head));
    assert.equal(closing.length, Number(saysClose), 'says close');
    if (saysClose) assert.equal(closing[0], heads.at(-1), 'the last one says close');
    const said = this.received.split(/HTTP\/1\.1 200 .*?\r\n\r\n/s).slice(1);
    assert.deepEqual(said, bodies);
  }
}

async function rest(turns: number): Promise<void> {
  for (let left = turns; left > 0; left -= 1) await turn();
}

const post = (path: string, fields: string, body = ''): string =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\n${fields}\r\n\r\n${body}`;
const chunk = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n`;
const withLength = (path: string, body: string): string =>
  post(path, `content-length: ${body.length}`, body);
const inChunks = (path: string, body: string): string =>
  post(path, 'transfer-encoding: chunked', `${chunk(body[0]!)}${chunk(body.slice(1))}0\r\n\r\n`);
const framings = [withLength, inChunks] as const;
const TOO_LATE = /HTTP\/1\.1 408 .*?connection: close(?=\r\n).*\r\n\r\n.*\n$/is;
const CONTINUE = /^HTTP\/1\.1 100 Continue\r\n\r\n$/;
const HELLO = /^HTTP\/1\.1 200 .*\r\n\r\nhello$/s;
const HALF = 'GET /hello HTTP/1.1\r\nho';

/** What a client does; `by` is by how much it exceeds the bound: 0 keeps it. */
type Trespass = (line: Line, bounds: Bounds, by: 0 | 1) => Promise<void>;

const DEADLINES: Readonly<Record<string, Trespass>> = {
  silence: (line, { headTimeoutMs }) => line.expires(headTimeoutMs, /^$/),
  'half a head': async (line, { headTimeoutMs }) => {
    await line.send(HALF);
    await line.expires(headTimeoutMs, TOO_LATE, 'o');
  },
  'half a second head': async (line, { headTimeoutMs }) => {
    await line.send(get('/hello'));
    await line.send(HALF);
    await line.expires(headTimeoutMs, TOO_LATE, 'o');
  },
  rest: async (line, { keepAliveTimeoutMs }) => {
    await line.send(get('/hello'));
    await line.expires(keepAliveTimeoutMs, HELLO);
  },
  'half a body': async (line, { bodyTimeoutMs }) => {
    await line.send(post('/echo', 'content-length: 9', 'h'));
    await line.expires(bodyTimeoutMs, TOO_LATE, 'o');
  },
  'half a body that nobody reads': async (line, { bodyTimeoutMs }) => {
    await line.send(post('/hello', 'content-length: 2', 'h'));
    await line.expires(bodyTimeoutMs, HELLO);
  },
  'an end before the answer': async (line, { halfCloseTimeoutMs }) => {
    await line.send(get('/never'));
    line.far.end();
    await rest(3);
    await line.expires(halfCloseTimeoutMs, /^$/);
  },
  deafness: async (line, { writeTimeoutMs }) => {
    line.far.pause();
    await line.send(get('/much') + get('/hello'));
    assert.deepEqual(line.asked, ['/much'], 'who does not read is not served further');
    await line.expires(writeTimeoutMs, /^/);
  },
};

const EXCESSES: Readonly<Record<string, Trespass>> = {
  body: async (line, { maxBodyBytes }, by) => {
    const body = numbered(maxBodyBytes + by);
    await line.send(framings[maxBodyBytes % 2]!('/echo', body));
    if (by === 0) line.answers([body], false);
    else assert.match(line.received, /^HTTP\/1\.1 413 /);
  },
  'a body that is announced': async (line, { maxBodyBytes }, by) => {
    await line.send(post('/echo', `content-length: ${maxBodyBytes + by}\r\nexpect: 100-continue`));
    assert.match(line.received, by === 0 ? CONTINUE : /^HTTP\/1\.1 413 /);
  },
  'a body that is waited for': async (line) => {
    await line.send(post('/pieces', 'content-length: 9\r\nexpect: 100-continue'));
    assert.match(line.received, CONTINUE);
    await line.send('once ');
    await line.send('again'.slice(1));
    assert.match(
      line.received,
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 .*\r\n\r\npieces$/s,
    );
  },
  'a body that nobody reads': async (line, { maxDrainBytes }, by) => {
    await line.send(inChunks('/hello', numbered(maxDrainBytes + by)) + get('/hello'));
    line.answers(by === 0 ? ['hello', 'hello'] : ['hello'], false);
    assert.equal(line.hasEnded, by === 1);
  },
  'a body that is announced for nobody': async (line, { maxDrainBytes }, by) => {
    const request = withLength('/hello', numbered(maxDrainBytes + by));
    const head = request.indexOf('\r\n\r\n') + 4;
    await line.send(request.slice(0, head));
    line.answers(['hello'], by === 1);
    await line.send(request.slice(head) + get('/hello'));
    line.answers(by === 0 ? ['hello', 'hello'] : ['hello'], by === 1);
  },
  requests: async (line, { maxRequestsPerConnection }, by) => {
    const asked = maxRequestsPerConnection - 1 + by;
    await line.send(get('/hello').repeat(asked));
    line.answers(Array<string>(asked).fill('hello'), by === 1);
    assert.equal(line.hasEnded, by === 1);
  },
  'requests ahead': async (line, { maxUnreadBytes }) => {
    await line.send(get('/never') + get('/hello').repeat(5_000));
    assert.ok(line.taken <= maxUnreadBytes + 2_000, `${line.taken} bytes taken`);
  },
  'a body faster than it is read': async (line, { maxUnreadBytes }) => {
    await line.send(withLength('/sip', numbered(300_000)));
    assert.ok(line.taken <= PAUSE_BYTES + maxUnreadBytes + 3_000, `${line.taken} bytes taken`);
  },
  output: async (line, { maxBufferedBytes }, by) => {
    await line.hose(maxBufferedBytes * (by === 0 ? 0.5 : 2));
    await rest(20);
    assert.equal(/\r\n0\r\n\r\n$/.test(line.received), by === 0, 'whole');
    assert.equal(line.near.destroyed, by === 1, 'cut');
  },
};

const ALL: Readonly<Record<string, Trespass>> = { ...DEADLINES, ...EXCESSES };

/** The names of all of them. */
export const trespass = fc.constantFrom(...Object.keys(ALL));

/** Has a client do that, and sees to it that nothing is left of it. */
export async function commit(name: string, bounds: Bounds, by: 0 | 1): Promise<void> {
  const line = new Line(bounds);
  await ALL[name]!(line, bounds, by);
  assert.deepEqual(line.errors, []);
  line.far.destroy();
  const closed = line.server.close({ deadlineMs: 0 });
  line.time.advance(TICK_MS);
  await closed;
  assert.equal(line.server.stats().openConnections, 0);
}
