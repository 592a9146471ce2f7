/**
 * One kept connection beside a literal model of it: requests behind one another, with bodies and
 * without, told to go on or not, read in pieces by handlers that stop, leave, answer before or
 * after, and clients that are late, end their side, do not read, or talk on behind the end. After
 * each step and each tick of the clock both must stand at the same place; above all nothing of one
 * request may be left for the next one.
 */

import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { type Bounds, KeptConnection } from '../support/kept-connection.ts';
import { KeptLine } from '../support/kept-line.ts';
import { LARGE_BYTES, type Wanted } from '../support/kept-request.ts';
import { runs } from '../support/laws.ts';

interface Real {
  readonly line: KeptLine;
}
/** The model, to be looked at. */
type Seen = Readonly<KeptConnection>;
type Command = fc.AsyncCommand<KeptConnection, Real>;

const counts: Record<string, number> = {};

/** One step: when it can be taken, and what it does to both. */
function step(
  name: string,
  check: (model: Seen) => boolean,
  take: (model: KeptConnection, line: KeptLine) => Promise<void>,
): Command {
  return {
    check: (model) => model.phase !== 'closed' && check(model),
    async run(model, { line }) {
      counts[name.split(' ')[0]!] = (counts[name.split(' ')[0]!] ?? 0) + 1;
      await take(model, line);
      line.agree(model);
    },
    toString: () => name,
  };
}

const ticks = fc.integer({ min: 3, max: 16 });
const bounds: fc.Arbitrary<Bounds> = fc.record({
  ...{ headTicks: ticks, bodyTicks: ticks, idleTicks: ticks, halfTicks: ticks },
  ...{ lingerTicks: ticks, mostLingerTicks: ticks },
  maxLingerBytes: fc.constantFrom(1, 9, 40, 1_000_000),
  maxDrainBytes: fc.constantFrom(2, 2 * LARGE_BYTES, 1_000_000, 1_000_000),
  portionBytes: fc.constantFrom(LARGE_BYTES, 4 * LARGE_BYTES, 5 * LARGE_BYTES, 1_000_000),
});

const bodies = fc.oneof(
  fc.record({ unit: fc.constant(1), bytes: fc.nat(4) }),
  fc.record({
    unit: fc.constant(LARGE_BYTES),
    bytes: fc.integer({ min: 2, max: 7 }).map((count) => count * LARGE_BYTES),
  }),
);
const seldom = fc.nat(39).map((drawn) => drawn === 0);
const wanted: fc.Arbitrary<Wanted> = fc
  .tuple(bodies, fc.nat(2), seldom, seldom)
  .map(([body, expects, saysClose, isConnect]) =>
    isConnect
      ? { method: 'CONNECT', unit: 1, bytes: 0, expects: false, saysClose }
      : { method: 'POST', ...body, expects: expects === 0, saysClose },
  );

const describe = ({ method, bytes, expects, saysClose }: Wanted): string =>
  `${method} ${bytes}${expects ? ' expects' : ''}${saysClose ? ' close' : ''}`;
const mayAsk = (model: Seen): boolean => model.phase === 'idle' && !model.clientEnded;

async function complete(model: KeptConnection, line: KeptLine): Promise<void> {
  const begun = model.begun!;
  model.completeHead();
  await line.sendHead(begun, 'second');
}

const begins = wanted.map((request) =>
  step(`begins ${describe(request)}`, mayAsk, async (model, line) => {
    model.beginHead(request);
    await line.sendHead(request, 'first');
  }),
);
const completes = step('completes', ({ phase }) => phase === 'head', complete);
const asks = wanted.map((request) =>
  step(`asks ${describe(request)}`, mayAsk, async (model, line) => {
    model.beginHead(request);
    await line.sendHead(request, 'first');
    await complete(model, line);
  }),
);

/** Of a large body, one unit at most waits unread: it is not asked how more are cut. */
function maySend({ phase, asked, clientEnded }: Seen): boolean {
  if (phase !== 'exchange' || asked === undefined || clientEnded || asked.hasFailed) return false;
  if (asked.sent === asked.wanted.bytes) return false;
  return asked.wanted.unit === 1 || asked.waiting === 0;
}

const sends = fc.integer({ min: 1, max: 6 }).map((count) =>
  step(`sends ${count}`, maySend, async (model, line) => {
    for (let left = count; left > 0 && maySend(model); left -= 1) {
      const { unit } = model.asked!.wanted;
      model.receive(unit);
      await line.send(Buffer.alloc(unit));
      line.agree(model);
    }
  }),
);

const mayRead = ({ asked }: Seen): boolean =>
  asked !== undefined && asked.reader !== 'over' && !asked.hasFailed;
const reads = fc.boolean().map((isToWait) =>
  step(
    isToWait ? 'reads until it waits' : 'reads',
    (model) => mayRead(model) && !model.asked!.isAwaited,
    async (model, line) => {
      for (let left = isToWait ? 2 : 1; left > 0; left -= 1) {
        if (!mayRead(model) || model.asked!.isAwaited) return;
        model.next();
        await line.next();
        line.agree(model);
      }
    },
  ),
);
const leaves = step(
  'leaves',
  (model) => mayRead(model) && model.asked!.reader === 'begun',
  async (model, line) => {
    model.leave();
    await line.leave();
  },
);
const answers = fc.nat(3).map((drawn) =>
  step(
    drawn === 0 ? 'answers much' : 'answers',
    ({ asked }) => asked?.isAnswered === false,
    async (model, line) => {
      model.answer(drawn === 0);
      await line.answer(drawn === 0);
    },
  ),
);
/** What has begun comes to its end, in peace. */
const finishes = step(
  'finishes',
  ({ asked, clientEnded }) => asked !== undefined && !clientEnded,
  async (model, line) => {
    while (mayRead(model) || maySend(model)) {
      const { isAwaited, isComplete, wanted } = model.asked!;
      if (mayRead(model) && !isAwaited && !isComplete) {
        model.next();
        await line.next();
      } else if (maySend(model)) {
        model.receive(wanted.unit);
        await line.send(Buffer.alloc(wanted.unit));
      } else break;
      line.agree(model);
    }
    if (model.asked?.isAnswered !== false) return;
    model.answer(false);
    await line.answer(false);
  },
);
const hears = step(
  'hears',
  ({ isDeaf }) => isDeaf,
  async (model, line) => {
    model.hear();
    await line.hear();
  },
);

/** A body that was not sent to its end fails with it; that is asked elsewhere. */
const mayEnd = ({ phase, asked, clientEnded }: Seen): boolean =>
  !clientEnded &&
  phase !== 'head' &&
  (asked === undefined || (asked.sent === asked.wanted.bytes && !asked.hasFailed));
const ends = step('ends', mayEnd, async (model, line) => {
  model.endByClient();
  await line.end();
});

const lingers = ({ phase, clientEnded }: Seen): boolean => phase === 'lingering' && !clientEnded;
const trickles = step('trickles', lingers, async (model, line) => {
  model.receive(1);
  await line.send('x');
});
/** All that may come behind the end, and a byte more. */
const floods = fc.boolean().map((isMore) =>
  step(
    isMore ? 'floods over' : 'floods',
    (model) => lingers(model) && model.lingered < model.bounds.maxLingerBytes,
    async (model, line) => {
      const bytes = model.bounds.maxLingerBytes - model.lingered + Number(isMore);
      model.receive(bytes);
      await line.send(Buffer.alloc(bytes));
    },
  ),
);
async function pass(count: number, model: KeptConnection, line: KeptLine): Promise<void> {
  for (let left = count; left > 0 && model.phase !== 'closed'; left -= 1) {
    model.tick();
    await line.tick();
    line.agree(model);
  }
}

const waits = fc.nat(9).map((drawn) =>
  drawn === 0
    ? step(
        'waits until it is late',
        () => true,
        (model, line) => pass(17, model, line),
      )
    : step(
        `waits ${drawn % 5 === 0 ? 'until it is almost late' : 1 + (drawn % 2)}`,
        () => true,
        (model, line) => {
          const short = Math.min(17, model.due - model.now - 1);
          return pass(drawn % 5 === 0 ? short : 1 + (drawn % 2), model, line);
        },
      ),
);

const only = (command: Command): fc.Arbitrary<Command> => fc.constant(command);
const STEPS: Readonly<Record<string, fc.Arbitrary<Command>>> = {
  ...{ asks, begins, sends, reads, answers, floods, waits },
  ...{ completes: only(completes), leaves: only(leaves) },
  ...{ hears: only(hears), finishes: only(finishes), ends: only(ends), trickles: only(trickles) },
};
/** Each as often as its weight says: most of them keep the connection. */
const all = Object.entries({
  ...{ asks: 16, begins: 4, completes: 9, sends: 16, reads: 25, leaves: 9, answers: 4, hears: 6 },
  ...{ ends: 1, trickles: 5, floods: 1, waits: 10, finishes: 6 },
}).flatMap(([name, weight]) => Array<fc.Arbitrary<Command>>(weight).fill(STEPS[name]!));

t.test('law: a kept connection is where its literal model is, tick by tick', async (t) => {
  const commands = fc.commands(all, { maxCommands: 200, size: 'max' });
  const law = fc.asyncProperty(bounds, commands, async (drawn, taken) => {
    const line = new KeptLine(drawn);
    const model = new KeptConnection(drawn);
    await fc.asyncModelRun(() => ({ model, real: { line } }), taken);
    // Whatever is due then comes, and what comes of it.
    await pass(40, model, line);
    await line.close();
  });
  await fc.assert(law, runs(1_500));
  for (const [name, count] of Object.entries(counts)) t.ok(count > 5, `${name}: ${count}`);
});
