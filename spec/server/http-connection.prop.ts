/**
 * However handlers read and answer, and however requests arrive, each one is answered, in its
 * order, byte for byte, and nobody waits for ever. Whatever the bounds of a server, they hold, to
 * the byte and to the request; and so do its deadlines, within a tick and no sooner.
 */
import { createHash } from 'node:crypto';
import type { Exchange } from 'barewire';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';
import { readResponses, type Served, serve } from '../support/serving.ts';
import { eventually } from '../support/sockets.ts';
import { bounds, commit, numbered, trespass } from '../support/trespasses.ts';

const READING = ['bytes', 'text', 'loop', 'part', 'nothing'] as const;
const ANSWERING = ['at once', 'in pieces', 'much', 'before', 'in pieces before'] as const;

interface Conduct {
  readonly reading: (typeof READING)[number];
  readonly answering: (typeof ANSWERING)[number];
  /** Turns of the event loop before it begins, and between its steps. */
  readonly turns: number;
}

interface Case extends Conduct {
  readonly length: number;
  readonly isChunked: boolean;
}

const requests = fc.array(
  fc.record<Case>({
    reading: fc.constantFrom(...READING),
    answering: fc.constantFrom(...ANSWERING),
    turns: fc.constantFrom(0, 1, 5, 30),
    // Around what is read ahead, and what makes a reader of pieces pause.
    length: fc.constantFrom(0, 5, 1_000, 65_536, 70_000, 140_000, 200_000),
    isChunked: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);
const cuts = fc.array(fc.constantFrom(1, 7, 1_000, 65_536, 500_000), {
  minLength: 1,
  maxLength: 9,
});

const TEXT = numbered(400_000);
const bodyOf = (length: number): string => TEXT.slice(0, length);
/** What is behind an answer that is much. */
const MUCH = TEXT.slice(-200_000);
/** All bytes count, and their order. */
const digest = (...pieces: readonly (string | Buffer)[]): string => {
  const hash = createHash('sha1');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
};

function write({ length, isChunked }: Case, index: number): string {
  const head = `POST /${index} HTTP/1.1\r\nhost: a\r\n`;
  const body = bodyOf(length);
  if (!isChunked) return `${head}content-length: ${length}\r\n\r\n${body}`;
  const half = length >> 1;
  const chunks = [body.slice(0, half), body.slice(half)].filter((chunk) => chunk !== '');
  const coded = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  return `${head}transfer-encoding: chunked\r\n\r\n${coded.join('')}0\r\n\r\n`;
}

async function wait(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((next) => setImmediate(next));
}

async function read({ body }: Exchange, { reading, turns }: Conduct): Promise<string> {
  if (reading === 'bytes') return digest(await body.bytes());
  if (reading === 'text') return digest(await body.text());
  if (reading === 'nothing') return '-';
  const pieces: Buffer[] = [];
  for await (const piece of body) {
    pieces.push(piece);
    if (reading === 'part') return '-';
    await wait(turns);
  }
  return reading === 'part' ? '-' : digest(...pieces);
}

async function answer(exchange: Exchange, conduct: Conduct): Promise<void> {
  const { answering, turns } = conduct;
  await wait(turns);
  if (answering === 'before') {
    const reading = read(exchange, conduct);
    exchange.respond(200, {}, exchange.path);
    await reading;
  } else if (answering === 'in pieces before') {
    const body = exchange.stream(200);
    await body.write(exchange.path);
    await read(exchange, conduct);
    body.end();
  } else if (answering === 'in pieces') {
    const text = await read(exchange, conduct);
    const body = exchange.stream(200);
    await body.write(exchange.path);
    await wait(turns);
    await body.write(` ${text}`);
    body.end();
  } else {
    const text = `${exchange.path} ${await read(exchange, conduct)}`;
    exchange.respond(200, {}, answering === 'much' ? text + MUCH : text);
  }
}

/** What a client must read, when it has sent all of it. */
function expected({ reading, answering, length }: Case, index: number): string {
  if (answering === 'before' || answering === 'in pieces before') return `/${index}`;
  const text = reading === 'part' || reading === 'nothing' ? '-' : digest(bodyOf(length));
  return `/${index} ${text}${answering === 'much' ? MUCH : ''}`;
}

/** Whether all that is sent of so many answers is here. */
function isWhole(text: string, count: number): boolean {
  const last = text.lastIndexOf('HTTP/1.1 200');
  if (text.split('HTTP/1.1 200').length <= count) return false;
  const length = /content-length: (\d+)/.exec(text.slice(last))?.[1];
  const end = text.indexOf('\r\n\r\n', last);
  if (length === undefined) return text.endsWith('\r\n0\r\n\r\n');
  return end !== -1 && text.length >= end + 4 + Number(length);
}

async function run(
  { connect, errors }: Served,
  cases: readonly Case[],
  sizes: readonly number[],
): Promise<void> {
  const wire = cases.map(write).join('');
  const client = connect();
  let sent = 0;
  for (let piece = 0; sent < wire.length; piece += 1) {
    const size = sizes[piece % sizes.length]!;
    client.send(wire.slice(sent, sent + size));
    sent += size;
    await wait(1);
    // In small pieces for a while only.
    if (piece === 50) break;
  }
  if (sent < wire.length) client.send(wire.slice(sent));
  await eventually(() => client.isOver || isWhole(client.text, cases.length));
  const bodies = readResponses(client.text).map(({ body }) => body);
  client.close();
  if (JSON.stringify(bodies) !== JSON.stringify(cases.map(expected))) {
    const seen = bodies.map((body) => `${body.length} bytes, ${body.slice(0, 99)}`);
    throw new Error(`answered ${JSON.stringify(seen)}`);
  }
  if (errors.length > 0) throw errors[0];
}

t.test('answers whatever is pipelined, however it comes, is read and is answered', async (t) => {
  let cases: readonly Case[] = [];
  const served = await serve(t, (exchange) => answer(exchange, cases[Number(exchange.path[1])]!));
  await fc.assert(
    fc.asyncProperty(requests, cuts, async (drawn, sizes) => {
      cases = drawn;
      await run(served, drawn, sizes);
    }),
    runs(60),
  );
  t.pass('no counterexample');
});

t.test('law: whatever the deadlines and bounds of a server, they hold exactly', async (t) => {
  const by = fc.constantFrom<0 | 1>(0, 1);
  await fc.assert(fc.asyncProperty(trespass, bounds, by, commit), runs(160));
  t.pass('no counterexample');
});
