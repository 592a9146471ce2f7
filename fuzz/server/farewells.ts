/**
 * Well-behaved clients of a server that closes: each is in the middle of something, and gets what
 * is documented for that [lib/server/README.md], in good time before the deadline.
 */
import { encodeFrame, OPCODE } from 'barewire/codec';
import type { Random } from '../engine/random.ts';
import { BrokenLaw } from '../engine/target.ts';
import { DUE, Guest, NEVER, type Where } from './guest.ts';
import { SOON_MS } from './subject.ts';
import { turns } from './turns.ts';
import { GET, openEvents, openWebSocket } from './visits.ts';

/** What a client is in the middle of, and how that ends. */
interface Farewell {
  readonly name: string;
  /** Nothing is due of it but time must not pass until the server closes. */
  readonly isWaiting?: boolean;
  readonly begin: (guest: Guest) => Promise<unknown>;
  readonly end: (guest: Guest) => Promise<unknown>;
}

/** An answer that is whole, and says that it is the last one. */
const last = (body: string): RegExp =>
  new RegExp(
    `^HTTP/1\\.1 200 (?:(?!\\r\\n\\r\\n).)*\\r\\nconnection: close(?=\\r\\n).*?${body}`,
    'is',
  );
const HEAD = 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n';
const GOODBYE = Buffer.concat([Buffer.from([0x03, 0xe9]), Buffer.from('bye')]);

const FAREWELLS: readonly Farewell[] = [
  { name: 'has said nothing', begin: async () => {}, end: async () => {} },
  {
    name: 'has been answered',
    begin: async (guest) => {
      await guest.send(GET('/hello'), DUE.idle);
      await guest.hear(/^HTTP\/1\.1 200 .*?\r\n\r\nhello/s);
    },
    end: async () => {},
  },
  {
    name: 'waits for an answer',
    isWaiting: true,
    begin: (guest) => guest.send(GET('/soon'), SOON_MS),
    end: (guest) => guest.hear(last('\\r\\n\\r\\nsoon')),
  },
  {
    name: 'has asked twice',
    isWaiting: true,
    begin: (guest) => guest.send(GET('/soon') + GET('/hello'), SOON_MS),
    end: (guest) => guest.hear(last('\\r\\n\\r\\nsoon')),
  },
  {
    name: 'is in the middle of a head',
    begin: (guest) => guest.sendMore('GET /hello HTTP/1.1\r\nHo'),
    end: async (guest) => {
      await guest.sendMore('st: a\r\n\r\n');
      await guest.hear(last('\\r\\n\\r\\nhello'));
    },
  },
  {
    name: 'is in the middle of a body',
    begin: (guest) => guest.send(`${HEAD}once `, DUE.body),
    end: async (guest) => {
      await guest.sendMore('again');
      await guest.hear(last('\\r\\n\\r\\nonce again'));
    },
  },
  {
    name: 'is given an answer piece by piece',
    begin: async (guest) => {
      await guest.send(GET('/stream'), NEVER);
      await guest.hear(/^HTTP\/1\.1 200 .*?\r\n\r\n/s);
    },
    end: (guest) => guest.hear(/^(?:bb8\r\n[\d ]{3000}\r\n){40}0\r\n\r\n/),
  },
  {
    name: 'listens to events',
    begin: openEvents,
    end: (guest) => guest.hear(/^(?:.*\r\n)?0\r\n\r\n/s),
  },
  {
    name: 'talks over a WebSocket',
    begin: openWebSocket,
    end: async (guest) => {
      // 1001, in a frame that is not masked.
      await guest.hear(/^\x88[\x02-\x7d]\x03\xe9[ -~]*/);
      const frame = { opcode: OPCODE.close, payload: GOODBYE, maskingKey: 0x01020304 };
      await guest.sendMore(encodeFrame(frame));
    },
  },
];

interface Party {
  readonly farewell: Farewell;
  readonly guest: Guest;
}

/** Does the same with each of them at once. */
async function withEach(
  parties: readonly Party[],
  act: (party: Party) => Promise<unknown>,
): Promise<void> {
  const acting = parties.map((party) =>
    act(party).catch((error) => {
      const { name } = party.farewell;
      throw new BrokenLaw('who is there when a server closes is served', `who ${name}: ${error}`);
    }),
  );
  await Promise.all(acting);
}

/** How much time passes from turn to turn while they wait. */
const STEP_MS = 250;

/** Brings clients in, calls `close`, which returns its deadline in ms, and sees them off. */
export async function seeOff(where: Where, random: Random, close: () => number): Promise<void> {
  const chosen = FAREWELLS.filter(() => random.oneIn(2));
  const parties = chosen.map((farewell) => ({ farewell, guest: new Guest(where) }));
  const state = { isOver: false };
  try {
    await withEach(parties, async ({ farewell, guest }) => {
      await guest.arrive();
      await farewell.begin(guest);
    });
    await turns(random.below(60));
    const dueAt = where.pace.now + close();
    for (const { farewell, guest } of parties) {
      const before = farewell.isWaiting === true ? NEVER : guest.duty.dueAt;
      guest.duty.dueAt = Math.min(before, dueAt);
    }
    const ending = withEach(parties, async ({ farewell, guest }) => {
      await farewell.end(guest);
      await guest.hearEnd();
      guest.leave();
    });
    void ending
      .catch(() => {})
      .then(() => {
        state.isOver = true;
      });
    for (; !state.isOver; await turns(3)) where.pace.advance(STEP_MS);
    await ending;
  } finally {
    for (const { guest } of parties) guest.leave();
  }
}
