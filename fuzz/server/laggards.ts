/**
 * Clients that miss a documented deadline: the server is rid of each of them within a second of its
 * time and no sooner, and tells it what there is to tell.
 */
import type { Random } from '../engine/random.ts';
import { BrokenLaw, expectLaw } from '../engine/target.ts';
import { DUE, Guest, NEVER, type Where } from './guest.ts';
import { turns } from './turns.ts';
import { GET } from './visits.ts';

/** What a client leaves undone. */
interface Laggard {
  readonly name: string;
  readonly begin: (guest: Guest) => Promise<unknown>;
  /** What it has from then on, in ms. */
  readonly dueMs: number;
  /** What it says once a second, which gives it no more time. */
  readonly trickle?: string;
  /** For how long it says nothing first, in ms. */
  readonly silentMs?: number;
  /** What it is told; `undefined` when it does not read. */
  readonly end: RegExp | undefined;
}

const HALF_HEAD = 'GET /hello HTTP/1.1\r\nHo';
const HALF_BODY = 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nonce ';
const IN_VAIN = /^HTTP\/1\.1 408 (?:(?!\r\n\r\n).)*\r\nconnection: close\r\n.*\n$/is;
const UNREAD = /^HTTP\/1\.1 200 (?:(?!\r\n\r\n).)*\r\n\r\nunread$/s;
const NOTHING = /^$/;

async function askHello(guest: Guest): Promise<void> {
  await guest.send(GET('/hello'), NEVER);
  await guest.hear(/^HTTP\/1\.1 200 .*?\r\n\r\nhello/s);
}

const LAGGARDS: readonly Laggard[] = [
  { name: 'says nothing', begin: async () => {}, dueMs: DUE.head, end: NOTHING },
  { name: 'asks for nothing more', begin: askHello, dueMs: DUE.idle, end: NOTHING },
  {
    name: 'sends half a head',
    begin: (guest) => guest.send(HALF_HEAD, NEVER),
    dueMs: DUE.head,
    end: IN_VAIN,
  },
  {
    name: 'says nothing, and then half a head',
    begin: async () => {},
    dueMs: DUE.head,
    trickle: 'G',
    silentMs: 4_000,
    end: IN_VAIN,
  },
  {
    name: 'sends half a second head',
    begin: async (guest) => {
      await askHello(guest);
      await guest.send(HALF_HEAD, NEVER);
    },
    dueMs: DUE.head,
    trickle: 'o',
    end: IN_VAIN,
  },
  {
    name: 'sends half a body',
    begin: (guest) => guest.send(HALF_BODY, NEVER),
    dueMs: DUE.body,
    trickle: 'o',
    end: IN_VAIN,
  },
  {
    name: 'sends half a body that nobody reads',
    begin: (guest) => guest.send(HALF_BODY.replace('/echo', '/unread'), NEVER),
    dueMs: DUE.body,
    end: UNREAD,
  },
  {
    name: 'has ended its side before a slow answer',
    begin: async (guest) => {
      await guest.send(GET('/slow'), NEVER);
      guest.end();
    },
    dueMs: DUE.half,
    end: NOTHING,
  },
  {
    name: 'does not read',
    begin: async (guest) => {
      guest.stopReading();
      await guest.send(GET('/much') + GET('/hello'), NEVER);
      await turns(20);
      // It is not served further, as long as it does not read.
      expectLaw(guest.asked.length === 1, 'answers wait', () => JSON.stringify(guest.asked));
    },
    dueMs: DUE.write,
    end: undefined,
  },
];

interface Late {
  readonly laggard: Laggard;
  readonly guest: Guest;
  /** When it is too late. */
  dueAt: number;
  isSeenOff: boolean;
}

/** A tick of the wheel, by which a deadline may be late; and how long the server lingers. */
const TICK_MS = 1_000;
const LINGER_MS = 2_000;

/** Brings some of them in, and lets time pass until the server is rid of all of them. */
export async function lagBehind(where: Where, random: Random): Promise<void> {
  const chosen = LAGGARDS.filter(() => random.oneIn(3));
  const all = chosen.map((laggard): Late => {
    return { laggard, guest: new Guest(where), dueAt: NEVER, isSeenOff: false };
  });
  try {
    for (const late of all) {
      await late.guest.arrive();
      late.guest.duty.dueAt = NEVER;
      await about(late, () => late.laggard.begin(late.guest));
      late.dueAt = where.pace.now + late.laggard.dueMs;
    }
    const stops = all.flatMap(({ dueAt }) => [dueAt - 1, dueAt + TICK_MS]);
    for (const stop of stops.sort((one, other) => one - other)) {
      await passUntil(where, all, stop);
      for (const late of all) await about(late, () => look(where, late));
    }
    where.pace.advance(LINGER_MS + TICK_MS);
    for (const late of all) {
      await about(late, () => late.guest.untilGone());
    }
  } finally {
    for (const { guest } of all) guest.leave();
  }
}

async function about({ laggard }: Late, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw new BrokenLaw('the server keeps its deadlines', `who ${laggard.name}: ${error}`);
  }
}

/** Lets time pass, while some say something now and then. */
async function passUntil({ pace }: Where, all: readonly Late[], stop: number): Promise<void> {
  while (pace.now < stop) {
    for (const { laggard, guest, dueAt, isSeenOff } of all) {
      const { trickle, dueMs, silentMs = 0 } = laggard;
      const isSilent = pace.now < dueAt - dueMs + silentMs;
      if (trickle !== undefined && !isSeenOff && !isSilent) guest.pour(trickle);
    }
    await turns(3);
    pace.advance(Math.min(TICK_MS, stop - pace.now));
  }
  await turns(10);
}

async function look({ pace }: Where, late: Late): Promise<void> {
  const { laggard, guest, dueAt, isSeenOff } = late;
  if (pace.now < dueAt) expectLaw(!guest.isOver, 'a deadline does not come early');
  if (pace.now < dueAt + TICK_MS || isSeenOff) return;
  late.isSeenOff = true;
  await guest.untilOver();
  if (laggard.end !== undefined) await guest.hearAll(laggard.end);
}
