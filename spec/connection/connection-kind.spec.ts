import { type ConnectionKind, type ConnectionOptions, connectionKind } from 'barewire/connection';
import t from 'tap';
import { usedMemory } from '../support/memory.ts';

const SERVER: ConnectionOptions = { role: 'server', now: () => 0 };

/** Each option that makes a kind, with a value that is not its default. */
const OTHERS: readonly Partial<ConnectionOptions>[] = [
  ...[{ role: 'client' as const }, { ownsInput: true }, { delivery: 'pieces' as const }],
  ...[{ maxFrameBytes: 77 }, { maxMessageBytes: 77 }, { maxFragments: 77 }],
  ...[{ messageTimeoutMs: 77 }, { inflateTimeoutMs: 77 }, { closeTimeoutMs: 77 }],
  ...[{ endTimeoutMs: 77 }, { maxCloseMs: 77 }, { pingIntervalMs: 77 }, { pongTimeoutMs: 77 }],
  ...[{ idleTimeoutMs: 77 }, { maxPingsInFlight: 77 }, { deflate: {} as never }],
];

/** What makes other readers as well. */
const READ_BY = new Set([
  ...['role', 'ownsInput', 'delivery', 'deflate'],
  ...['maxFrameBytes', 'maxMessageBytes', 'maxFragments'],
]);

t.test('is one for connections that are alike, and another for each option', (t) => {
  const kind = connectionKind(SERVER);
  const kinds = [kind];
  for (const other of OTHERS) {
    const found = connectionKind({ ...SERVER, ...other });
    t.equal(connectionKind({ ...SERVER, ...other }), found, `${Object.keys(other)} again`);
    t.equal(connectionKind(SERVER), kind, 'and the first is still known');
    kinds.push(found);
  }
  t.equal(new Set(kinds).size, 1 + OTHERS.length);
  t.equal(new Set(kinds.map(({ limits }) => limits)).size, kinds.length);
  const timed = OTHERS.filter((other) => !Object.keys(other).every((name) => READ_BY.has(name)));
  const readers = new Set(kinds.map((some) => some.readers));
  t.equal(readers.size, kinds.length - timed.length, 'times make no other readers');
  t.ok(Object.isFrozen(kind), 'nobody changes that of others');
  t.end();
});

t.test('has what was asked for', (t) => {
  for (const number of [77, 78]) {
    const kind = connectionKind({ ...SERVER, role: 'client', pingIntervalMs: number });
    t.equal(kind.role, 'client');
    t.equal(kind.limits.pingIntervalMs, number);
  }
  t.end();
});

t.test('takes no options later into account', (t) => {
  const options = { ...SERVER, closeTimeoutMs: 5 };
  const kind = connectionKind(options);
  options.closeTimeoutMs = 6;
  t.equal(kind.limits.closeTimeoutMs, 5);
  t.equal(connectionKind(options).limits.closeTimeoutMs, 6);
  t.end();
});

t.test('is no matter of what each connection has of its own', (t) => {
  const kind = connectionKind(SERVER);
  const own = { now: () => 1, takeMaskingKey: () => 1, compressThresholdBytes: 3 };
  t.equal(connectionKind({ ...SERVER, ...own }), kind);
  const [some, other] = [{} as never, {} as never];
  t.equal(
    connectionKind({ ...SERVER, deflate: some }),
    connectionKind({ ...SERVER, deflate: other }),
  );
  t.end();
});

t.test('forgets the one that was asked for least recently, of seventeen', (t) => {
  const kind = (number: number): ConnectionKind =>
    connectionKind({ ...SERVER, maxFragments: 100 + number });
  const [first, second] = Array.from({ length: 16 }, (_, number) => kind(number));
  t.equal(kind(0), first);
  kind(16);
  t.equal(kind(0), first);
  t.not(kind(1), second);
  t.end();
});

t.test('is remembered once, however often it is asked for', (t) => {
  const kind = (number: number): ConnectionKind =>
    connectionKind({ ...SERVER, maxFragments: 300 + number });
  const all = Array.from({ length: 16 }, (_, number) => kind(number));
  for (let again = 0; again < 40; again += 1) kind(14 + (again % 2));
  t.same(
    all.map((some, number) => kind(number) === some),
    all.map(() => true),
    'none was pushed out by another that is there already',
  );
  t.end();
});

t.test('gives each its own time, and all the same readers', (t) => {
  const kinds = Array.from({ length: 40 }, (_, number) =>
    connectionKind({ ...SERVER, pingIntervalMs: 30_000 + number }),
  );
  t.equal(new Set(kinds).size, 40);
  t.equal(new Set(kinds.map(({ readers }) => readers)).size, 1);
  t.same(
    kinds.map(({ limits }) => limits.pingIntervalMs),
    kinds.map((_, number) => 30_000 + number),
  );
  t.end();
});

t.test('keeps in memory nobody who has asked', (t) => {
  const before = usedMemory();
  const clock = (): (() => number) => {
    const ballast = Buffer.alloc(1_000_000);
    return () => ballast.length;
  };
  for (let number = 0; number < 16; number += 1) {
    const deflate = { ballast: Buffer.alloc(1_000_000) } as never;
    connectionKind({ ...SERVER, now: clock(), deflate, maxFragments: 200 + number });
  }
  t.ok(usedMemory() - before < 5_000_000);
  t.end();
});

t.test('is refused where a bound or a time is none, and remembered no more than that', (t) => {
  const isRefused = { code: 'invalid-option' };
  const bad = [{ maxFragments: 1.5 }, { maxFrameBytes: -1 }, { pingIntervalMs: Number.NaN }];
  for (const options of bad) {
    for (const _again of [1, 2])
      t.throws(() => connectionKind({ ...SERVER, ...options }), isRefused);
  }
  t.end();
});
