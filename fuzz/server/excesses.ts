/**
 * Clients that want more than the documented bounds allow, or as much as they do: to the byte and
 * to the request where a bound is exact, and else with what one read may bring.
 */
import type { Random } from '../engine/random.ts';
import { BrokenLaw, expectLaw } from '../engine/target.ts';
import { Guest, NEVER, type Where } from './guest.ts';
import {
  MAX_BODY_BYTES,
  MAX_DRAIN_BYTES,
  MAX_REQUESTS,
  numbered,
  SIPPED_BYTES,
} from './subject.ts';
import { turns } from './turns.ts';
import { GET } from './visits.ts';

type Excess = (guest: Guest, random: Random) => Promise<unknown>;

const KIB = 1_024;
/** 64 KiB wait for a handler, as many are read ahead, and a read or two has brought more. */
const MOST_READ_BYTES = 260 * KIB;
/** An ordinary socket that is paused keeps a read of 64 KiB, behind what it wants at least. */
const MOST_STREAM_BYTES = (64 + 16) * KIB;

const head = (path: string, ...fields: string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: a', ...fields, '', ''].join('\r\n');
const chunk = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n`;
const withLength = (path: string, body: string): string =>
  head(path, `Content-Length: ${body.length}`) + body;
const inChunks = (path: string, random: Random, body: string): string => {
  const at = 1 + random.below(body.length - 1);
  const chunks = chunk(body.slice(0, at)) + chunk(body.slice(at));
  return `${head(path, 'Transfer-Encoding: chunked')}${chunks}0\r\n\r\n`;
};
const framed = (path: string, random: Random, body: string): string =>
  random.oneIn(2) ? withLength(path, body) : inChunks(path, random, body);

/** An answer that is whole; the last one of its connection, or not. */
const answer = (status: number, isLast: boolean, body: string): RegExp =>
  new RegExp(
    `^HTTP/1\\.1 ${status} ${isLast ? '(?=[^]*?connection: close\\r\\n)' : ''}` +
      `(?:(?!\\r\\n\\r\\n)[^])*\\r\\n\\r\\n${body}`,
    'i',
  );
const HELLO = answer(200, false, 'hello');

async function staysModest(guest: Guest): Promise<void> {
  await turns(60);
  const { bytesRead = 0, readableLength = 0 } = guest.served ?? {};
  const read = bytesRead - readableLength;
  expectLaw(read < MOST_READ_BYTES, 'input waits in the system', () => `${read} bytes read`);
  const isLittle = readableLength < MOST_STREAM_BYTES;
  expectLaw(isLittle, 'input waits in the system', () => `${readableLength} bytes in the stream`);
}

const EXPECT = 'Expect: 100-continue';
const EXCESSES: Readonly<Record<string, Excess>> = {
  'sends as much as is taken': async (guest, random) => {
    const body = numbered(MAX_BODY_BYTES);
    await guest.send(framed('/echo', random, body), NEVER);
    await guest.hear(answer(200, false, body));
  },
  'sends a byte more than is taken': async (guest, random) => {
    guest.pour(framed('/echo', random, numbered(MAX_BODY_BYTES + 1)));
    await guest.hear(answer(413, true, ''));
  },
  'announces a byte more than is taken': async (guest, random) => {
    const fields = [`Content-Length: ${MAX_BODY_BYTES + 1}`, EXPECT];
    await guest.send(head('/echo', ...fields.slice(0, 1 + random.below(2))), NEVER);
    await guest.hear(answer(413, true, '[^]*'));
    await guest.hearEnd();
  },
  'sends as much as is thrown away': async (guest, random) => {
    const unread = framed('/unread', random, numbered(MAX_DRAIN_BYTES));
    await guest.send(unread + GET('/hello'), NEVER);
    await guest.hear(answer(200, false, 'unread'));
    await guest.hear(HELLO);
  },
  'sends a byte more than is thrown away': async (guest, random) => {
    const body = numbered(MAX_DRAIN_BYTES + 1);
    guest.pour(framed('/unread', random, body) + GET('/hello'));
    await guest.hearAll(answer(200, false, 'unread$'));
  },
  'announces a byte more than is thrown away': async (guest) => {
    await guest.send(head('/unread', `Content-Length: ${MAX_DRAIN_BYTES + 1}`), NEVER);
    await guest.hear(answer(200, true, 'unread'));
    await guest.hearEnd();
  },
  'asks once more than it may': async (guest) => {
    guest.pour(GET('/hello').repeat(MAX_REQUESTS + 1));
    for (let left = MAX_REQUESTS; left > 1; left -= 1) {
      const text = await guest.hear(HELLO);
      expectLaw(!/connection: close/i.test(text), 'there is room for another request');
    }
    await guest.hear(answer(200, true, 'hello'));
    await guest.hearEnd();
  },
  'sends faster than it is read': async (guest) => {
    guest.pour(withLength('/sip', numbered(SIPPED_BYTES)));
    await staysModest(guest);
    await guest.hear(answer(200, false, `${SIPPED_BYTES}$`), 1_000);
  },
  'asks on and on': async (guest) => {
    guest.pour(GET('/soon') + withLength('/echo', numbered(1_000)).repeat(400));
    await staysModest(guest);
    await guest.hear(answer(200, false, 'soon'), 1_000);
  },
  'is given more than is kept for it': async (guest) => {
    await guest.send(GET('/hose'), NEVER);
    await guest.untilGone();
  },
  'is told to go on, with each request': async (guest) => {
    const body = numbered(1_000);
    for (let left = 2; left > 0; left -= 1) {
      await guest.send(head('/early', EXPECT, 'Content-Length: 1000'), NEVER);
      await guest.hearAll(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
      await turns(5);
      await guest.send(body.slice(0, 500), NEVER);
      await guest.hear(answer(202, false, ''));
      await guest.send(body.slice(500) + GET('/hello'), NEVER);
      await guest.hear(HELLO);
    }
  },
  // Nobody can tell what would come behind these.
  'is not told to go on': async (guest) => {
    await guest.send(head('/unread', EXPECT, 'Content-Length: 9'), NEVER);
    await guest.hear(answer(200, true, 'unread'));
    await guest.hearEnd();
  },
  'wants a tunnel': async (guest) => {
    await guest.send('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', NEVER);
    await guest.hear(answer(404, true, '[^]*'));
    await guest.hearEnd();
  },
  'has ended its side': async (guest) => {
    await guest.send(GET('/soon'), NEVER);
    guest.end();
    await guest.hear(answer(200, true, 'soon'), 1_000);
    await guest.hearEnd();
  },
};

/** One of them comes by: each has its turn. */
export async function exceed(where: Where, random: Random, turn: number): Promise<void> {
  const names = Object.keys(EXCESSES);
  const name = names[turn % names.length]!;
  const guest = new Guest(where);
  try {
    await guest.arrive();
    guest.duty.dueAt = NEVER;
    await EXCESSES[name]!(guest, random);
  } catch (error) {
    throw new BrokenLaw('the server keeps its bounds', `who ${name}: ${error}`);
  } finally {
    guest.leave();
  }
}
