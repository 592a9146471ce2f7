import { PassThrough } from 'node:stream';
import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { PumpFlags } from '../../lib/server/pump-flags.ts';
import type { PumpSink } from '../../lib/server/pump-sink.ts';
import { SocketPump } from '../../lib/server/socket-pump.ts';
import { FakeTime } from '../support/fake-time.ts';

const NAMES = [
  ...(['isPlain', 'isDirect', 'isDirectWaiting', 'usesStream', 'isBlocked'] as const),
  ...(['hasLostOutput', 'isScheduled', 'isCongested', 'isEnding', 'isInTurn'] as const),
  ...(['hasEnded', 'isOver', 'isShared', 'endIsMeaningful', 'isHolding'] as const),
  ...(['isWaking', 'hasPeerEnded', 'isLatent'] as const),
] as const;

type Flags = Record<(typeof NAMES)[number], boolean>;

class Plain extends PumpFlags {}

/** As whoever may see all of them sees them. */
const flags = (): Flags => new Plain() as unknown as Flags;

/** The names of those that say yes. */
const yeses = (of: Flags): string[] => NAMES.filter((name) => of[name]);

t.test('there are these, and no others', (t) => {
  const found = Object.getOwnPropertyNames(PumpFlags.prototype);
  t.same(found.toSorted(), [...NAMES, 'constructor'].toSorted());
  t.end();
});

t.test('all begin with no', (t) => {
  const fresh = flags();
  for (const name of NAMES) t.equal(fresh[name], false, name);
  t.end();
});

t.test('each is apart from all others', (t) => {
  for (const name of NAMES) {
    const others = NAMES.filter((other) => other !== name);
    const one = flags();
    one[name] = true;
    t.same(yeses(one), [name]);
    one[name] = true;
    t.same(yeses(one), [name], 'yes again is yes');
    for (const other of others) one[other] = true;
    t.same(yeses(one), NAMES);
    one[name] = false;
    t.same(yeses(one), others);
    one[name] = false;
    t.same(yeses(one), others, 'no again is no');
    t.equal(one[name], false, 'false itself');
    for (const other of others) one[other] = false;
    t.same(yeses(one), []);
  }
  t.end();
});

t.test('each pump has its own', (t) => {
  const [one, other] = [flags(), flags()];
  for (const name of NAMES) one[name] = true;
  t.same(yeses(other), []);
  other.isBlocked = true;
  one.isBlocked = false;
  t.same(yeses(other), ['isBlocked']);
  t.end();
});

t.test('none is a field of its own, of a pump neither', (t) => {
  const settings = {
    wheel: new TimerWheel(new FakeTime()),
    writeTimeoutMs: 1000,
    maxBufferedBytes: 1000,
  };
  const pump = new SocketPump(new PassThrough(), {} as PumpSink, settings);
  const all = flags();
  for (const name of NAMES) all[name] = true;
  for (const one of [pump, all]) {
    const fields = Object.getOwnPropertyNames(one);
    t.same(
      NAMES.filter((name) => fields.includes(name)),
      [],
    );
  }
  t.same(Object.getOwnPropertyNames(all), []);
  t.equal(pump.isPlain, false, 'it is not a socket');
  pump.endIsMeaningful = true;
  t.equal(pump.endIsMeaningful, true);
  t.equal(pump.isHolding, false);
  t.end();
});
