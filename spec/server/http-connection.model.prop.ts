/**
 * One kept connection beside a literal model of it: requests behind one another, with bodies and
 * without, told to go on or not, read in pieces by handlers that stop, leave, answer before or
 * after, and clients that are late, end their side, do not read, or talk on behind the end. After
 * each step and each tick of the clock both must stand at the same place; above all nothing of one
 * request may be left for the next one.
 */
import fc from 'fast-check';
import t from 'tap';
import {
  type Bounds,
  KeptConnection,
  LARGE_BYTES,
  type Wanted,
} from '../support/kept-connection.ts';
import { KeptLine } from '../support/kept-line.ts';
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

const ticks = fc.integer({ min: 3, max: 14 });
const bounds: fc.Arbitrary<Bounds> = fc.record({
  ...{ headTicks: ticks, bodyTicks: ticks, idleTicks: ticks, halfTicks: ticks },
  ...{ lingerTicks: ticks, mostLingerTicks: ticks },
  maxLingerBytes: fc.constantFrom(1, 9, 40, 1_000_000),
  maxDrainBytes: fc.constantFrom(2, 2 * LARGE_BYTES, 1_000_000),
  portionBytes: fc.constantFrom(LARGE_BYTES, 3 * LARGE_BYTES, 1_000_000),
});

const bodies = fc.oneof(
  fc.record({ unit: fc.constant(1), bytes: fc.nat(4) }),
  fc.record({
    unit: fc.constant(LARGE_BYTES),
    bytes: fc.integer({ min: 2, max: 6 }).map((count) => count * LARGE_BYTES),
  }),
);
const seldom = fc.nat(9).map((drawn) => drawn === 0);
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
const reads = step(
  'reads',
  (model) => mayRead(model) && !model.asked!.isAwaited,
  async (model, line) => {
    model.next();
    await line.next();
  },
);
const leaves = step(
  'leaves',
  (model) => mayRead(model) && model.asked!.reader === 'begun',
  async (model, line) => {
    model.leave();
    await line.leave();
  },
);
const answers = fc.nat(5).map((drawn) =>
  step(
    drawn === 0 ? 'answers much' : 'answers',
    ({ asked }) => asked?.isAnswered === false,
    async (model, line) => {
      model.answer(drawn === 0);
      await line.answer(drawn === 0);
    },
  ),
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

const lingers = ({ phase, clientEnded }: Seen): boolean =>
  phase === 'lingering' && !clientEnded;
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
const waits = fc
  .oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 20 }))
  .map((count) =>
    step(
      `waits ${count}`,
      () => true,
      async (model, line) => {
        for (let left = count; left > 0 && model.phase !== 'closed'; left -= 1) {
          model.tick();
          await line.tick();
          line.agree(model);
        }
      },
    ),
  );

const only = (command: Command): fc.Arbitrary<Command> => fc.constant(command);
const all = [
  ...[asks, asks, begins, only(completes), sends, sends, sends, only(reads), only(reads)],
  ...[only(leaves), answers, answers, only(hears), only(ends), only(trickles), floods, waits],
];

t.test('law: a kept connection is where its literal model is, tick by tick', async (t) => {
  const commands = fc.commands(all, { maxCommands: 120, size: 'max' });
  const law = fc.asyncProperty(bounds, commands, async (drawn, taken) => {
    const line = new KeptLine(drawn);
    await fc.asyncModelRun(() => ({ model: new KeptConnection(drawn), real: { line } }), taken);
    await line.close();
  });
  await fc.assert(law, runs(300));
  for (const [name, count] of Object.entries(counts)) t.ok(count > 5, `${name}: ${count}`);
});
