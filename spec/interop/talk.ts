/**
 * One conversation with any foreign peer, whoever called whom, with each set of parameters of
 * permessage-deflate; and the ways a connection ends.
 */
import { createServer } from 'barewire';
import { connectWebSocket } from 'barewire/client';
import type { DeflatePolicy } from 'barewire/deflate';
import type { WebSocketPeer } from 'barewire/peer';
import type { Test } from 'tap';
import type { ForeignPeer, Habits, RunningPeer } from './peers/peer.ts';

const NO_TAKEOVER = { serverNoContextTakeover: true, clientNoContextTakeover: true };
const SMALL_WINDOWS = { serverMaxWindowBits: 9, clientMaxWindowBits: 9 };

/** What our side offers as a client and asks for as a server. */
const PARAMETER_SETS: Readonly<Record<string, DeflatePolicy | false>> = {
  'no compression': false,
  'takeover both ways': {},
  'the server forgets': { serverNoContextTakeover: true },
  'the client forgets': { clientNoContextTakeover: true },
  'both forget': NO_TAKEOVER,
  'a window of 9 bits at the server': { serverMaxWindowBits: 9 },
  'a window of 10 bits at the client': { clientMaxWindowBits: 10 },
  'small windows, and both forget': { ...NO_TAKEOVER, ...SMALL_WINDOWS },
};

const LENGTHS = [0, 1, 125, 126, 65_535, 65_536, 1 << 20];

/** Bytes that deflate can do something with, and not too much: words of a small vocabulary. */
function words(byteLength: number): Buffer {
  const bytes = Buffer.alloc(byteLength);
  let seed = byteLength + 1;
  for (let at = 0; at < byteLength; at += 4) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    bytes.write(['tick', 'tack', 'tock ', 'é€'][seed >>> 30]!, at);
  }
  return bytes;
}

/** Text whose UTF-8 has so many bytes. */
function text(byteLength: number): string {
  return words(byteLength)
    .toString('latin1')
    .replace(/[^a-z ]/g, '.');
}

const MESSAGES: readonly (string | Buffer)[] = [
  ...LENGTHS.flatMap((length) => [text(length), words(length)]),
  'κόσμε 🌍 \u0000 ퟿',
];
const MESSAGE_BYTES = MESSAGES.reduce((sum, message) => sum + Buffer.byteLength(message), 0);

/** Our end of a connection with a foreign peer. */
class Talk {
  readonly peer: WebSocketPeer;
  readonly pings: string[] = [];
  readonly #came: (string | Buffer)[] = [];
  #wake: () => void = () => {};

  constructor(peer: WebSocketPeer) {
    this.peer = peer;
    peer.attach({
      message: (_peer, data) => {
        this.#came.push(data);
        this.#wake();
      },
      ping: (_peer, payload) => this.pings.push(String(payload)),
      close: () => this.#wake(),
    });
  }

  async next(): Promise<string | Buffer> {
    while (this.#came.length === 0) {
      if (!this.peer.isOpen) throw new Error('the connection ended before the message came');
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
    return this.#came.shift()!;
  }
}

/** Gets a connection with the foreign peer. */
type Meet = (deflate: DeflatePolicy | false) => Promise<Talk>;

/** Says why there can be no talk; `false` when there can. */
export function cannotTalk(foreign: ForeignPeer): string | false {
  const missing = foreign.missing?.();
  return missing === undefined ? false : `needs ${missing}`;
}

/** Talks with one foreign peer, called by us and calling us; returns the roles it had. */
export async function talkWith(t: Test, foreign: ForeignPeer): Promise<('server' | 'client')[]> {
  const running = await foreign.start();
  t.teardown(() => running.stop());
  const { url } = running;
  const weCall: Meet = async (deflate) =>
    new Talk(await connectWebSocket(url!, { deflate, compressThresholdBytes: 0 }));
  const itCalls: Meet = (deflate) => beCalled(t, running, deflate);
  if (foreign.asServer !== undefined) {
    await talkThrough(t, 'we call it', weCall, running, foreign.asServer);
  }
  await talkThrough(t, 'it calls us', itCalls, running, foreign.asClient);
  return foreign.asServer === undefined ? ['client'] : ['server', 'client'];
}

/** Waits for the foreign client. */
async function beCalled(
  t: Test,
  running: RunningPeer,
  deflate: DeflatePolicy | false,
): Promise<Talk> {
  let open!: (talk: Talk) => void;
  const opened = new Promise<Talk>((resolve) => {
    open = resolve;
  });
  const server = createServer({
    websocket: {
      // A page of nowhere has an opaque origin.
      origins: 'any',
      accept(exchange) {
        open(new Talk(exchange.accept({ deflate, origins: 'any', compressThresholdBytes: 0 })));
      },
    },
  });
  const { port } = await server.listen(0, '127.0.0.1');
  t.teardown(() => server.close({ deadlineMs: 0 }));
  running.connect!(`ws://127.0.0.1:${port}/`);
  return opened;
}

async function talkThrough(
  t: Test,
  title: string,
  meet: Meet,
  running: RunningPeer,
  habits: Habits,
): Promise<void> {
  await t.test(title, async (t) => {
    for (const [name, deflate] of Object.entries(PARAMETER_SETS)) {
      await t.test(name, async (t) => {
        const talk = await meet(deflate);
        const isAgreed = deflate !== false && habits.declines?.includes(name) === false;
        t.comment(talk.peer.extensions);
        t.equal(talk.peer.extensions !== '', isAgreed, 'agrees on compression, or does not');
        await echoes(t, talk, isAgreed, habits);
        await echoesFragments(t, talk, habits);
        await pingsBothWays(t, talk, habits);
        await weClose(t, talk, running, name === 'no compression' ? undefined : 4001, habits);
      });
    }
    for (const code of [4002, undefined]) {
      await t.test(`it closes, ${code ?? 'without a code'}`, async (t) => {
        await itCloses(t, await meet({}), running, code, habits);
      });
    }
  });
}

/** Everything is on its way at once: frames of all sizes stand in one chunk, and are cut anywhere. */
async function echoes(t: Test, talk: Talk, isAgreed: boolean, habits: Habits): Promise<void> {
  const { peer } = talk;
  for (const message of MESSAGES) peer.send(message);
  for (const message of MESSAGES) {
    const echo = await talk.next();
    const isSame =
      typeof message === 'string'
        ? echo === message
        : Buffer.compare(message, echo as Buffer) === 0;
    t.ok(isSame, `${Buffer.byteLength(message)} bytes of ${typeof message} come back`);
  }
  const { bytesSent, bytesReceived } = peer.counters;
  t.equal(bytesSent < MESSAGE_BYTES / 2, isAgreed, 'we compress when that is agreed');
  const isCompressing = isAgreed && habits.compresses === true;
  t.equal(bytesReceived < MESSAGE_BYTES / 2, isCompressing, 'so does it, if it can');
}

/** Ours: cut between the bytes of a character, with empty ones and a ping among them. */
async function echoesFragments(t: Test, talk: Talk, habits: Habits): Promise<void> {
  const globe = Buffer.from('\u{1f30d}');
  const message = talk.peer.startMessage('text');
  await message.write(globe.subarray(0, 2));
  await message.write('');
  const roundTrip = talk.peer.ping();
  await message.write(globe.subarray(2));
  await message.write(text(65_536));
  await message.end();
  t.equal(await talk.next(), `\u{1f30d}${text(65_536)}`, 'our fragments are one message');
  t.ok((await roundTrip) >= 0, 'a ping between them is answered');
  if (habits.fragments !== true) return;
  talk.peer.send(`!parts one |${text(2000)}|é| three`);
  t.equal(await talk.next(), `one ${text(2000)}é three`, 'so are its');
}

async function pingsBothWays(t: Test, talk: Talk, habits: Habits): Promise<void> {
  t.ok((await talk.peer.ping(Buffer.alloc(0))) >= 0, 'an empty ping is answered');
  t.ok((await talk.peer.ping(Buffer.alloc(125, 'p'))) >= 0, 'the longest ping is answered');
  if (habits.pings !== true) return;
  talk.peer.send('!ping from afar');
  t.equal(await talk.next(), 'pong from afar', 'its ping is answered');
  t.strictSame(talk.pings, ['from afar'], 'and told');
}

async function weClose(
  t: Test,
  { peer }: Talk,
  running: RunningPeer,
  code: number | undefined,
  habits: Habits,
): Promise<void> {
  const report = await (code === undefined ? peer.close() : peer.close(code, 'bye ✓'));
  t.match(report, { closedBy: 'us', wasClean: true, sentCode: code });
  const heard = code === undefined ? (habits.bareCloseHeard ?? '1005') : `${code} bye ✓`;
  t.equal(await running.nextEnd(), heard, 'it hears code and reason');
}

async function itCloses(
  t: Test,
  { peer }: Talk,
  running: RunningPeer,
  code: number | undefined,
  habits: Habits,
): Promise<void> {
  peer.send(code === undefined ? '!close' : `!close ${code} tschüß`);
  const report = await peer.closed;
  const said = code === undefined ? (habits.bareClose ?? '1005') : `${code} tschüß`;
  t.equal(`${report.code} ${report.reason}`.trim(), said, 'we hear code and reason');
  t.match(report, { closedBy: 'peer', wasClean: true, error: undefined });
  const end = await running.nextEnd();
  t.equal(end.slice(0, 4), said.slice(0, 4), 'and our answer says the same code');
}
