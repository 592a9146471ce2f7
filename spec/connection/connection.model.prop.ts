/**
 * A model of a conversation: random sends, streams, pings, closes, cuts, pauses, slow jobs, aborts,
 * and time that passes, on two connections back to back. After each step, and at the end, both sides
 * must agree.
 */
import { strictEqual as equal, ok } from 'node:assert';
import { encodeFrame, OPCODE } from 'barewire/codec';
import type { FramesToCome } from 'barewire/connection';
import type { DeflateParameters } from 'barewire/deflate';
import t from 'tap';
import { ModelPair, type ModelSetup, otherSide, type Side } from '../support/connection-model.ts';
import { fc } from '../support/fast-check.ts';
import { cutAt } from '../support/feeding.ts';
import { runs } from '../support/laws.ts';

/** One step: a function with a name, for counterexamples that can be read. */
class Step implements fc.Command<object, ModelPair> {
  readonly #name: string;
  readonly #run: (pair: ModelPair) => void;

  constructor(name: string, run: (pair: ModelPair) => void) {
    this.#name = name;
    this.#run = run;
  }

  check(): boolean {
    return true;
  }

  run(_model: object, pair: ModelPair): void {
    this.#run(pair);
    pair.settleTransports();
    pair.check();
  }

  toString(): string {
    return this.#name;
  }
}

const side = fc.constantFrom<Side>('client', 'server');
/** Some above the 16 KiB that are copied, and that a codec compresses on the spot. */
const MAX_BYTES = 70_000;
/** Bytes that no compression makes shorter. */
function noise(length: number): Uint8Array {
  let state = length + 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}
const contentsUpTo = (maxBytes: number): fc.Arbitrary<string | Uint8Array> =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.nat(maxBytes).map((length) => 'abcdefg '.repeat(length / 8)),
    fc.uint8Array({ maxLength: 200 }),
    fc.nat(maxBytes).map((length) => new Uint8Array(length).fill(7)),
    fc.nat(maxBytes / 2).map(noise),
  );
const compress = fc.constantFrom(undefined, true, false);
const words = (content: string | Uint8Array): string =>
  typeof content === 'string' ? content : Buffer.from(content).toString('hex');
const short = (content: string | Uint8Array): string => words(content).slice(0, 20);

const sends = (maxBytes: number): fc.Arbitrary<Step> =>
  fc.tuple(side, contentsUpTo(maxBytes), compress, fc.boolean()).map(
    ([from, content, wanted, isReused]) =>
      new Step(`${from} sends ${short(content)} (${wanted}, ${isReused})`, (pair) => {
        const { connection, accepted } = pair[from];
        const { isOpen } = connection;
        const data = typeof content === 'string' ? content : Uint8Array.from(content);
        const isTaken = connection.send(data, { compress: wanted, copy: isReused });
        equal(isTaken, isOpen);
        // What was copied is the caller's again.
        if (isReused && typeof data !== 'string') data.fill(0xee);
        const isText = typeof content === 'string';
        if (isTaken) accepted.push({ isText, content: words(content) });
      }),
  );

const encodedSends = fc.tuple(fc.string({ maxLength: 20 }), fc.boolean()).map(
  ([text, isMade]) =>
    new Step(`server sends ${text} encoded ${isMade ? 'already' : 'later'}`, (pair) => {
      const { connection, accepted, making } = pair.server;
      const frame = encodeFrame({ opcode: OPCODE.text, payload: text });
      const isAccepted = connection.sendEncoded(isMade ? frame : madeLater(frame, making));
      if (isAccepted) accepted.push({ isText: true, content: text });
    }),
);

/** Frames that are there when the model has worked for them. */
function madeLater(made: Buffer, making: (() => void)[]): FramesToCome {
  const waiting: (() => void)[] = [];
  let frames: Buffer | undefined;
  making.push(() => {
    frames = made;
    for (const told of waiting) told();
  });
  return {
    byteLength: made.length,
    get frames() {
      return frames;
    },
    whenMade: (told) => void waiting.push(told),
  };
}

const streams = (maxBytes: number): fc.Arbitrary<Step> =>
  fc.tuple(side, contentsUpTo(maxBytes), fc.array(fc.nat(300), { maxLength: 4 }), compress).map(
    ([from, content, cuts, wanted]) =>
      new Step(`${from} begins ${short(content)}`, (pair) => {
        const { connection, accepted } = pair[from];
        if (!connection.isOpen) return;
        const isText = typeof content === 'string';
        const whole = Buffer.from(content as string);
        const options = wanted === undefined ? {} : { compress: wanted };
        const message = connection.startMessage(isText ? 'text' : 'binary', options);
        const left = cutAt(whole, cuts);
        accepted.push({
          isText,
          content: undefined,
          stream: { message, left, whole, hasBegun: false },
        });
      }),
  );

/** Goes on with one of the streams that are not finished. */
const streamSteps = fc
  .tuple(side, fc.nat(3), fc.constantFrom('write', 'write', 'end', 'abandon'))
  .map(
    ([from, which, what]) =>
      new Step(`${from} ${what}s stream ${which}`, (pair) => {
        const { accepted, connection } = pair[from];
        const open = accepted.filter(({ content, stream }) => stream && content === undefined);
        const job = open[which % Math.max(1, open.length)];
        if (job === undefined) return;
        const { message, left, whole } = job.stream!;
        job.stream!.hasBegun ||= what !== 'abandon';
        if (what === 'abandon') {
          if (message.abandon() && connection.isOpen) accepted.splice(accepted.indexOf(job), 1);
        } else if (what === 'write' && left.length > 0) {
          message.write(left.shift()!);
        } else if (message.end(Buffer.concat(left))) {
          job.content = job.isText ? whole.toString() : whole.toString('hex');
        }
      }),
  );

const controls = fc.tuple(side, fc.uint8Array({ maxLength: 125 }), fc.boolean()).map(
  ([from, payload, isPing]) =>
    new Step(`${from} ${isPing ? 'pings' : 'pongs'}`, (pair) => {
      const end = pair[from];
      const { isOpen } = end.connection;
      if (!isPing) {
        equal(end.connection.pong(payload), isOpen);
        end.pongs += isOpen ? 1 : 0;
      } else if (end.connection.ping(payload)) {
        end.pings.push(Buffer.from(payload).toString('latin1'));
      }
    }),
);

const closes = fc
  .tuple(side, fc.constantFrom(undefined, 1000, 1001, 3000, 4999), fc.string({ maxLength: 5 }))
  .map(
    ([from, code, reason]) =>
      new Step(`${from} closes with ${code}`, (pair) => {
        pair[from].beforeClose();
        pair[from].connection.close(code, code === undefined ? '' : reason);
        equal(pair[from].connection.isOpen, false);
      }),
  );

const deliveries = fc
  .tuple(side, fc.oneof(fc.nat(20), fc.nat(2000), fc.constant(200_000)))
  .map(
    ([from, count]) =>
      new Step(`${count} bytes of ${from} arrive`, (pair) => pair.deliver(from, count)),
  );

const moods = fc
  .tuple(side, fc.constantFrom('pause', 'resume', 'congest', 'drain', 'flush', 'finish', 'tick'))
  .map(
    ([at, what]) =>
      new Step(`${at}: ${what}`, (pair) => {
        const end = pair[at];
        if (what === 'pause') {
          end.isPaused = true;
          end.connection.pause();
          end.seenAtPause ??= end.seen.length;
        } else if (what === 'resume') {
          end.seenAtPause = undefined;
          end.isPaused = false;
          end.connection.resume();
        } else if (what === 'congest') end.congested = true;
        else if (what === 'flush') end.flush();
        else if (what === 'finish') end.work();
        else if (what === 'tick') end.tick(pair.clock.nowMs);
        else {
          end.congested = false;
          end.connection.drained();
        }
      }),
  );

const times = fc
  .constantFrom(10, 500, 1000, 1000, 3000, 20_000)
  .map((ms) => new Step(`${ms} ms pass`, (pair) => pair.pass(ms)));

/** A message whose last bytes come later than the others. */
const late = fc.tuple(side, fc.nat(30), fc.array(fc.constantFrom(500, 1000), { maxLength: 4 })).map(
  ([from, lastBytes, pauses]) =>
    new Step(`${lastBytes} bytes of ${from} come ${pauses.join(' + ')} ms late`, (pair) => {
      const end = pair[from];
      if (end.connection.send('a message that is late')) {
        end.accepted.push({ isText: true, content: 'a message that is late' });
      }
      end.flush();
      const size = end.pipe.reduce((sum, { length }) => sum + length, 0);
      pair.deliver(from, Math.max(0, size - lastBytes));
      for (const ms of pauses) pair.pass(ms);
      pair.deliver(from, lastBytes);
    }),
);

/** A long message of which a few bytes come each second, perhaps to somebody who has closed. */
const trickles = fc
  .tuple(side, fc.constantFrom(1, 20), fc.constantFrom(2, 9, 30), fc.boolean())
  .map(
    ([from, bytes, seconds, isClosing]) =>
      new Step(`${from} says ${bytes} bytes each of ${seconds} s`, (pair) => {
        const { connection, accepted } = pair[from];
        const content = 'tidbits '.repeat(80);
        if (connection.send(content, { compress: false })) accepted.push({ isText: true, content });
        if (isClosing) pair[otherSide(from)].connection.close(1000);
        pair.trickle([pair[from]], seconds, bytes);
      }),
  );

const aborts = side.map(
  (from) => new Step(`${from} aborts`, (pair) => pair[from].connection.terminate()),
);

/** A rule is broken: whoever reads it must fail the connection with 1002. */
const breaches = side.map(
  (from) =>
    new Step(`${from} breaks a rule`, (pair) => {
      if (pair[from].hasEnded) return;
      pair.isDisturbed = true;
      pair[from].pipe.push(Buffer.of(0x83, from === 'client' ? 0x80 : 0, 0, 0, 0, 0));
    }),
);

const peaceful = (maxBytes: number): fc.Arbitrary<Step>[] => [
  ...[sends(60), sends(maxBytes), encodedSends, streams(200), streams(maxBytes), streamSteps],
  ...[streamSteps, streamSteps, controls, controls, deliveries, deliveries, deliveries, deliveries],
  ...[moods, moods, moods, moods, moods, moods],
];

const parameters = fc.record<DeflateParameters>({
  serverNoContextTakeover: fc.boolean(),
  clientNoContextTakeover: fc.boolean(),
  serverMaxWindowBits: fc.constantFrom(9, 12, 15),
  clientMaxWindowBits: fc.constantFrom(9, 12, 15),
});
const delivery = fc.constantFrom<'message' | 'pieces'>('message', 'pieces');
const setups = (isCompressed: boolean): fc.Arbitrary<ModelSetup> =>
  fc.record({
    deflate: isCompressed ? parameters : fc.constant(undefined),
    delivery: fc.record({ client: delivery, server: delivery }),
    ownsInput: fc.boolean(),
    areWiresObedient: fc.boolean(),
    areCutsTold: fc.constant(true),
    isPausedAtEnd: fc.boolean(),
    bytesASecond: fc.constant(0),
    deadlines: fc.constant({}),
  });

/** Short enough for time to matter. Whoever misses one is cut, and messages may be lost then. */
const deadlines = fc.record({
  messageTimeoutMs: fc.constantFrom(3000, 60_000),
  inflateTimeoutMs: fc.constantFrom(2000, 30_000),
  closeTimeoutMs: fc.constantFrom(1000, 10_000),
  endTimeoutMs: fc.constantFrom(500, 5000),
  maxCloseMs: fc.constantFrom(0, 5000, 20_000),
  pingIntervalMs: fc.constantFrom(0, 1000),
  pongTimeoutMs: fc.constantFrom(0, 2000),
  idleTimeoutMs: fc.constantFrom(0, 9000),
});

function converse(setup: ModelSetup, steps: Iterable<fc.Command<object, ModelPair>>): void {
  const pair = new ModelPair(setup);
  fc.modelRun(() => ({ model: {}, real: pair }), steps);
  pair.settle();
  pair.check();
  checkPongs(pair);
  if (setup.isPausedAtEnd) pair.client.connection.pause();
  pair.client.connection.close(1000);
  pair.settle();
  pair.checkEnd();
}

/** As {@link converse}, against the clock: at the end time passes, and a few bytes at most. */
function converseInTime(setup: ModelSetup, steps: Iterable<fc.Command<object, ModelPair>>): void {
  const pair = new ModelPair(setup);
  pair.isDisturbed = true;
  fc.modelRun(() => ({ model: {}, real: pair }), steps);
  for (const { connection } of pair.ends) connection.close(1000);
  pair.trickle(pair.ends, 60, setup.bytesASecond);
  pair.checkEnd();
}

/** While the connection stands, the newest ping of each side has been answered. */
function checkPongs(pair: ModelPair): void {
  for (const end of pair.ends) {
    const pongs = end.seen.filter(([kind]) => kind === 'pong');
    for (const [, payload, roundTripMs] of pongs) {
      if (roundTripMs !== undefined) ok(end.pings.includes(payload as string), 'a ping of ours');
    }
    const isOpen = end.connection.isOpen && pair[otherSide(end.side)].connection.isOpen;
    const newest = end.pings.at(-1);
    if (!isOpen || pair.isDisturbed || newest === undefined) continue;
    ok(
      pongs.some(([, payload]) => payload === newest),
      'the newest ping was answered',
    );
  }
}

for (const isCompressed of [false, true]) {
  const how = isCompressed ? 'with permessage-deflate' : 'without compression';
  const steps = peaceful(MAX_BYTES);
  const laws: [string, fc.Arbitrary<Step>[]][] = [
    ['both sides see the same messages in the same order', steps],
    ['their reports agree, whoever closes', [...steps, ...steps, closes]],
    [
      'nothing is invented when the wire is cut or a rule broken',
      [...steps, ...steps, ...steps, closes, aborts, breaches],
    ],
  ];
  for (const [title, all] of laws) {
    t.test(`${how}: ${title}`, (t) => {
      fc.assert(
        fc.property(
          setups(isCompressed),
          fc.commands(all, { maxCommands: 80, size: 'max' }),
          converse,
        ),
        runs(300),
      );
      t.pass('no counterexample');
      t.end();
    });
  }
  t.test(`${how}: every deadline is kept, and none comes early`, (t) => {
    const setup = fc
      .tuple(setups(isCompressed), deadlines, fc.boolean(), fc.constantFrom(0, 1, 50))
      .map(([plain, limits, areCutsTold, bytesASecond]) => {
        return { ...plain, deadlines: limits, areCutsTold, bytesASecond };
      });
    const slow = [times, times, times, times, late, late, late, late, trickles];
    const all = [...steps, ...steps, ...slow, closes, aborts, breaches];
    fc.assert(
      fc.property(setup, fc.commands(all, { maxCommands: 80, size: 'max' }), converseInTime),
      runs(300),
    );
    t.pass('no counterexample');
    t.end();
  });
}
