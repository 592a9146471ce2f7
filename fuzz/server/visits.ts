/**
 * What a well-behaved client does, beside all the others: it asks one thing after the other on a
 * connection, talks over a WebSocket and listens to events. It takes its time with each of them, up
 * to the last millisecond that it has.
 */
import { encodeFrame, OPCODE } from 'barewire/codec';
import { Random } from '../engine/random.ts';
import { expectLaw } from '../engine/target.ts';
import { DUE, Guest, NEVER, type Where } from './guest.ts';
import { SLOW_MS } from './subject.ts';

/** It must be served, and rightly; who was made late, comes again, as a browser does. */
export async function behaveWell(where: Where, random: Random): Promise<void> {
  for (let isLate = true; isLate; ) {
    const visits = [askOn, talk, listen].map((visit) => pay(where, visit, random.next()));
    isLate = (await Promise.all(visits)).includes('late');
  }
}

type Visit = (guest: Guest, random: Random) => Promise<void>;

async function pay(where: Where, visit: Visit, seed: number): Promise<'served' | 'late'> {
  const guest = new Guest(where);
  try {
    await guest.arrive();
    await visit(guest, new Random(seed));
    return 'served';
  } catch (error) {
    expectLaw(guest.duty.isMissed, 'a well-behaved client is served', () => String(error));
    return 'late';
  } finally {
    guest.leave();
  }
}

const LONG_MS = 40_000;

/** Nothing, something, or all the time there is. */
const pause = (random: Random): number => random.pick([0, 700, 3_000, LONG_MS, LONG_MS]);

/** A request: how it is sent, and what must come back. */
type Asking = (guest: Guest, random: Random, isFirst: boolean) => Promise<unknown>;

/** A request for a path. */
export const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const POST = 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nonce again';
const CHUNKED = 'POST /pieces HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const HELLO = /^HTTP\/1\.1 200 .*?\r\n\r\nhello/s;

/** Sends a head in two pieces, and all the rest of its request with the second. */
async function sendHeadInTwo(guest: Guest, random: Random, isFirst: boolean, request: string) {
  const at = 1 + random.below(request.indexOf('\r\n\r\n'));
  // The very first head is due from the beginning of the connection.
  if (isFirst) await guest.sendMore(request.slice(0, at));
  else await guest.send(request.slice(0, at), DUE.head);
  guest.dawdle(pause(random));
  await guest.send(request.slice(at), DUE.idle);
}

const ASKING: readonly Asking[] = [
  async (guest) => {
    await guest.send(GET('/hello'), DUE.idle);
    await guest.hear(HELLO);
  },
  async (guest, random, isFirst) => {
    await sendHeadInTwo(guest, random, isFirst, GET('/hello'));
    await guest.hear(HELLO);
  },
  async (guest, random) => {
    const at = POST.length - random.below(11);
    await guest.send(POST.slice(0, at), at === POST.length ? DUE.idle : DUE.body);
    guest.dawdle(pause(random));
    if (at < POST.length) await guest.send(POST.slice(at), DUE.idle);
    await guest.hear(/^HTTP\/1\.1 200 .*?\r\n\r\nonce again/s);
  },
  async (guest, random) => {
    await guest.send(`${CHUNKED}5\r\nfirst\r\n`, DUE.body);
    await guest.hear(/^HTTP\/1\.1 200 .*?\r\n5\r\nfirst\r\n/s);
    guest.dawdle(pause(random));
    await guest.send('0\r\n\r\n', DUE.idle);
    await guest.hear(/^0\r\nx-done: yes\r\n\r\n/i);
  },
  async (guest, random) => {
    // Empty lines begin nothing, and move nothing.
    for (const piece of random.pick([['\r\n'], ['\r', '\n']])) {
      await guest.sendMore(piece);
      guest.dawdle(pause(random));
    }
    await guest.send(GET('/late') + GET('/hello'), DUE.idle);
    await guest.hear(/^HTTP\/1\.1 200 .*?\r\n\r\nlate/s);
    await guest.hear(HELLO);
  },
  async (guest) => {
    await guest.send(GET('/slow'), SLOW_MS + DUE.idle);
    await guest.hear(/^HTTP\/1\.1 200 .*?\r\n\r\nslow/s, 1_000);
  },
  async (guest) => {
    await guest.send(GET('/stream'), DUE.idle);
    await guest.hear(/^HTTP\/1\.1 200 .*?\r\n\r\n(?:bb8\r\n[\d ]{3000}\r\n)+0\r\n\r\n/s);
  },
];

async function askOn(guest: Guest, random: Random): Promise<void> {
  const count = 2 + random.below(6);
  for (let asked = 0; asked < count; asked += 1) {
    guest.dawdle(pause(random));
    await random.pick(ASKING)(guest, random, asked === 0);
  }
}

const HANDSHAKE =
  'GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** Opens a WebSocket. */
export async function openWebSocket(guest: Guest): Promise<void> {
  await guest.send(HANDSHAKE, NEVER);
  await guest.hear(/^HTTP\/1\.1 101 .*?\r\n\r\n/s);
}

const MASKING_KEY = 0x01020304;

async function talk(guest: Guest, random: Random): Promise<void> {
  guest.dawdle(pause(random));
  await openWebSocket(guest);
  for (const word of ['are you there?', 'still?']) {
    guest.dawdle(pause(random));
    const at = random.below(word.length + 1);
    const [first, rest] = [word.slice(0, at), word.slice(at)].map((payload, index) =>
      encodeFrame({
        opcode: index === 0 ? OPCODE.text : OPCODE.continuation,
        fin: index === 1,
        payload,
        maskingKey: MASKING_KEY,
      }),
    );
    await guest.send(first!, DUE.message);
    guest.dawdle(pause(random));
    await guest.send(rest!, NEVER);
    const echo = `\x81${String.fromCharCode(word.length)}${word.replace('?', '\\?')}`;
    await guest.hear(new RegExp(`^${echo}`));
  }
}

/** Asks for events. */
export async function openEvents(guest: Guest): Promise<void> {
  await guest.send(GET('/events'), NEVER);
  await guest.hear(/^HTTP\/1\.1 200 .*?\r\n\r\n(?:.*?data: ?tick){3}.*?\r\n/s);
}

async function listen(guest: Guest, random: Random): Promise<void> {
  guest.dawdle(pause(random));
  await openEvents(guest);
  for (let part = 0; part < 3; part += 1) guest.dawdle(random.pick([0, LONG_MS]));
  await guest.stays();
}
