import { encodeFrame } from 'barewire/codec';
import {
  type ConnectionOptions,
  type MessageInflater,
  type MessageOwner,
  type MessageReader,
  MessageReaders,
  messageReaders,
} from 'barewire/connection';
import t from 'tap';
import { End } from '../support/connection-pair.ts';
import { needsFastPath } from '../support/fast-paths.ts';
import { usedMemory } from '../support/memory.ts';

const needed = needsFastPath('message-reader');
const OPENING: ConnectionOptions = { role: 'server', now: () => 0 };
const TEXT = { opcode: 1, payload: 'text', maskingKey: 1 };
const MESSAGE = encodeFrame(TEXT);
const PING = encodeFrame({ opcode: 9, payload: 'ping', maskingKey: 1 });

function owner(log: unknown[] = []): MessageOwner {
  const note =
    (name: string) =>
    (...told: unknown[]): void =>
      void log.push([name, ...told]);
  return {
    message: note('message'),
    messageStart: note('start'),
    messagePiece: note('piece'),
    messageEnd: note('end'),
    control: note('control'),
    failed: note('failed'),
    inflating: note('inflating'),
    pauseFrames: note('pause'),
    jobDone: note('job'),
    whenWanted: note('later'),
    wantsInput: note('wanted'),
  };
}

/** Inflates when it is told to. */
let inflate = (): void => {};
const inflater: MessageInflater = {
  decompress(payload, _fin, _maxBytes, done) {
    inflate = () => done(undefined, Buffer.from(payload));
  },
};

function borrowed(): { readers: MessageReaders; reader: MessageReader } {
  const readers = new MessageReaders({ role: 'server', allowRsv1: true });
  return { readers, reader: readers.borrow({ ...owner(), jobDone: (go) => go() }, inflater) };
}

t.test('lends the same reader to one after the other, who hear of their own', needed, (t) => {
  const logs: unknown[][] = [[], []];
  const readers = new MessageReaders({ role: 'server' });
  const first = readers.borrow(owner(logs[0]), undefined);
  first.frames.receive(Buffer.concat([MESSAGE, PING]));
  t.equal(readers.takeBack(first), true);
  const second = readers.borrow(owner(logs[1]), undefined);
  t.equal(second, first);
  second.frames.receive(encodeFrame({ ...TEXT, payload: 'other' }));
  second.gate.setOwnerPause(true);
  t.strictSame(logs, [
    [
      ['message', 'text'],
      ['control', 9, Buffer.from('ping')],
    ],
    [
      ['message', 'other'],
      ['wanted', false],
    ],
  ]);
  t.end();
});

t.test('never lends a reader to two', needed, (t) => {
  const { readers, reader } = borrowed();
  const other = readers.borrow(owner(), undefined);
  t.not(other, reader);
  t.equal(readers.takeBack(other), true);
  t.equal(readers.borrow(owner(), undefined), other);
  t.end();
});

type Act = (reader: MessageReader) => void;

const feed =
  (bytes: Buffer): Act =>
  ({ frames }) =>
    frames.receive(bytes);

const pause: Act = ({ gate }) => gate.setOwnerPause(true);

const goOn: Act = ({ gate }) => {
  gate.setOwnerPause(false);
  gate.open();
};

/** What keeps a reader where it is, and what ends that, if anything does. */
const HOLDS: Record<string, [hold: Act, letGo?: Act]> = {
  'a byte of a header': [feed(MESSAGE.subarray(0, 1)), feed(MESSAGE.subarray(1))],
  'a header': [feed(MESSAGE.subarray(0, 6)), feed(MESSAGE.subarray(6))],
  'a part of a payload': [feed(MESSAGE.subarray(0, 8)), feed(MESSAGE.subarray(8))],
  'a part of a ping': [feed(PING.subarray(0, 8)), feed(PING.subarray(8))],
  'a message without its last frame': [
    feed(encodeFrame({ ...TEXT, fin: false })),
    feed(encodeFrame({ ...TEXT, opcode: 0 })),
  ],
  'a pause': [pause, goOn],
  'a pause with bytes that wait': [
    (reader) => {
      pause(reader);
      reader.frames.receive(MESSAGE);
    },
    goOn,
  ],
  'a job': [
    ({ gate }) => gate.pauseForJob(),
    ({ gate }) => {
      gate.jobDone(() => {});
      gate.open();
    },
  ],
  'the result of a job': [({ gate }) => gate.jobDone(() => {})],
  'a closing handshake': [({ gate }) => gate.overruleOwner()],
  'a broken rule': [feed(Buffer.from('f180', 'hex'))],
  'a message that is being inflated': [
    feed(encodeFrame({ ...TEXT, rsv: 4 }, { allowIllegal: true })),
    () => inflate(),
  ],
  'a text that is none': [feed(encodeFrame({ ...TEXT, payload: Buffer.of(0xff) }))],
  'its own end': [(reader) => reader.stop()],
};

for (const [name, [hold, letGo]] of Object.entries(HOLDS)) {
  t.test(`stays where it is because of ${name}`, needed, (t) => {
    const { readers, reader } = borrowed();
    hold(reader);
    t.equal(readers.takeBack(reader), false);
    t.not(readers.borrow(owner(), undefined), reader);
    letGo?.(reader);
    t.equal(readers.takeBack(reader), letGo !== undefined);
    t.end();
  });
}

t.test('stays where it is while an end waits behind what came', needed, (t) => {
  const { readers, reader } = borrowed();
  const { gate } = reader;
  t.equal(gate.takeEnd(), true);
  pause(reader);
  t.equal(gate.takeEnd(), false);
  goOn(reader);
  t.equal(gate.endIsPending, true);
  t.equal(readers.takeBack(reader), false, 'whoever has it must still be told');
  t.equal(gate.takeEnd(), true);
  t.equal(gate.endIsPending, false);
  t.equal(readers.takeBack(reader), true);
  t.end();
});

t.test('stays where it is while it is reading', needed, (t) => {
  const readers = new MessageReaders({ role: 'server' });
  const answers: boolean[] = [];
  const message = (): void => void answers.push(readers.takeBack(reader));
  const reader = readers.borrow({ ...owner(), message }, undefined);
  reader.frames.receive(MESSAGE);
  t.strictSame(answers, [false]);
  t.end();
});

t.test('stays where it is while it delivers what a job gave', needed, (t) => {
  const { readers, reader } = borrowed();
  const answers: boolean[] = [];
  const { gate } = reader;
  gate.pauseForJob();
  gate.jobDone(() => {
    gate.setOwnerPause(true);
    gate.setOwnerPause(false);
    answers.push(gate.open(), readers.takeBack(reader));
  });
  t.equal(gate.open(), true);
  t.strictSame(answers, [true, false]);
  t.equal(readers.takeBack(reader), true);
  t.end();
});

t.test('is lent out with the fast path alone', (t) => {
  const { readers, reader } = borrowed();
  t.equal(readers.takeBack(reader), needed.skip === undefined);
  t.end();
});

t.test('keeps sixteen that nobody needs, and no more', needed, (t) => {
  const readers = new MessageReaders({ role: 'server' });
  const lent = Array.from({ length: 20 }, () => readers.borrow(owner(), undefined));
  for (const reader of lent) t.equal(readers.takeBack(reader), true);
  const again = Array.from({ length: 20 }, () => readers.borrow(owner(), undefined));
  t.equal(again.filter((reader) => lent.includes(reader)).length, 16);
  t.end();
});

t.test('keeps in memory nobody whom it has worked for', needed, (t) => {
  const readers = new MessageReaders({ role: 'server', delivery: 'pieces' });
  const before = usedMemory();
  const lent = Array.from({ length: 16 }, () => {
    const big = { ...owner(), ballast: Buffer.alloc(1_000_000) };
    const inflater = { decompress() {}, ballast: Buffer.alloc(1_000_000) };
    const reader = readers.borrow(big, inflater);
    reader.frames.receive(encodeFrame({ ...TEXT, fin: false }));
    reader.frames.receive(encodeFrame({ ...TEXT, opcode: 0 }));
    return reader;
  });
  t.ok(usedMemory() - before > 30_000_000);
  for (const reader of lent) t.equal(readers.takeBack(reader), true);
  t.ok(usedMemory() - before < 5_000_000);
  t.end();
});

t.test('is shared by connections that read alike, and by no others', (t) => {
  const readers = messageReaders(OPENING);
  const sameAgain: ConnectionOptions[] = [
    { ...OPENING },
    { ...OPENING, ownsInput: false, delivery: 'message', maxFragments: undefined },
    { ...OPENING, now: () => 1, pingIntervalMs: 5, compressThresholdBytes: 3 },
  ];
  for (const options of sameAgain) t.equal(messageReaders(options), readers);
  const others: ConnectionOptions[] = [
    { ...OPENING, role: 'client' },
    { ...OPENING, ownsInput: true },
    { ...OPENING, delivery: 'pieces' },
    { ...OPENING, maxFrameBytes: 1 },
    { ...OPENING, maxMessageBytes: 1 },
    { ...OPENING, maxFragments: 1 },
    { ...OPENING, deflate: {} as never },
  ];
  const found = others.map((options) => messageReaders(options));
  t.equal(new Set([readers, ...found]).size, 1 + others.length);
  t.strictSame(
    others.map((options) => messageReaders(options)),
    found,
  );
  t.throws(() => messageReaders({ ...OPENING, maxFragments: 1.5 }), { code: 'invalid-option' });
  t.end();
});

t.test('forgets the kind that was asked for least recently, of seventeen', (t) => {
  const kind = (number: number): MessageReaders =>
    messageReaders({ ...OPENING, maxFragments: 100 + number });
  const [first, second] = Array.from({ length: 16 }, (_, number) => kind(number));
  t.equal(kind(0), first);
  kind(16);
  t.equal(kind(0), first);
  t.not(kind(1), second);
  t.end();
});

t.test('is not lent again after somebody has thrown in the midst of it', needed, (t) => {
  const [bad, good] = [0, 1].map(() => new End({ nowMs: 0 }, { role: 'server' }));
  bad!.message = () => {
    throw new Error('planted');
  };
  t.throws(() => bad!.connection.receive(MESSAGE), /planted/);
  bad!.connection.receive(MESSAGE);
  good!.connection.receive(MESSAGE);
  t.strictSame(good!.seen, [['message', 'text']]);
  t.end();
});

t.test('goes on with a message of which somebody else has taken another', (t) => {
  const [first, second] = [0, 1].map(() => new End({ nowMs: 0 }, { role: 'server' }));
  first!.message = (data) => {
    first!.seen.push(['message', data]);
    first!.connection.pause();
    first!.connection.resume();
    second!.connection.receive(encodeFrame({ ...TEXT, payload: `after ${String(data)}` }));
  };
  first!.connection.receive(Buffer.concat([MESSAGE, encodeFrame({ ...TEXT, payload: 'more' })]));
  t.strictSame(
    [first!.seen, second!.seen],
    [
      [
        ['message', 'text'],
        ['message', 'more'],
      ],
      [
        ['message', 'after text'],
        ['message', 'after more'],
      ],
    ],
  );
  t.end();
});

t.test('is not needed by a connection between its messages', needed, (t) => {
  const bytes = (sent: Buffer, hasPause = false): number => {
    const before = usedMemory();
    const ends = Array.from({ length: 3000 }, () => new End({ nowMs: 0 }, { role: 'server' }));
    for (const { connection } of ends) {
      connection.receive(sent);
      if (hasPause) connection.pause();
      if (hasPause) connection.resume();
    }
    return (usedMemory() - before) / ends.length;
  };
  const reading = bytes(Buffer.concat([MESSAGE, MESSAGE.subarray(0, 1)]));
  // A reader has some 600 bytes.
  t.ok(bytes(MESSAGE) < reading - 400);
  t.ok(bytes(MESSAGE, true) < reading - 400);
  t.end();
});
