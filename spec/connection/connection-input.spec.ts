import { ProtocolError } from 'barewire/base';
import { encodeFrame, OPCODE } from 'barewire/codec';
import {
  ConnectionInput,
  type ConnectionOptions,
  connectionKind,
  type MessageInflater,
} from 'barewire/connection';
import t from 'tap';

interface Rig {
  input: ConnectionInput;
  log: unknown[];
  clock: { nowMs: number };
  /** Called with each ping, or piece. */
  whenPinged: () => void;
  /** Called when a turn ends, where output leaves. */
  whenUncorked: () => void;
  whenPiece: () => void;
}

function rig(options: Partial<ConnectionOptions> = {}): Rig {
  const log: unknown[] = [];
  const clock = { nowMs: 0 };
  const note =
    (name: string) =>
    (...rest: unknown[]): void =>
      void log.push([name, ...rest]);
  const sink = {
    message: note('message'),
    messageStart: note('start'),
    messagePiece: (piece: string | Buffer) => {
      log.push(['piece', piece]);
      made.whenPiece();
    },
    messageEnd: note('end of message'),
    write: () => true,
    wantsFlush() {},
    isCongested: () => false,
    wantsInput: note('wanted'),
    endTransport() {},
    abortTransport() {},
    closed() {},
  };
  let isCorked = false;
  const corks = {
    cork: () => {
      if (isCorked) return false;
      isCorked = true;
      return log.push('cork') > 0;
    },
    uncork: () => {
      isCorked = false;
      log.push('uncork');
      made.whenUncorked();
    },
  };
  const now = (): number => clock.nowMs;
  const owner = {
    kind: connectionKind({ role: 'client', now, ...options }),
    deflate: options.deflate,
    now,
    control: (opcode: number) => {
      log.push(['control', opcode]);
      if (opcode === OPCODE.close) throw new ProtocolError('close-code-invalid');
      made.whenPinged();
    },
    fail: (error: ProtocolError) => void log.push(['fail', error.code]),
    receiveEnd: note('end'),
  };
  const input = new ConnectionInput(sink, corks, owner);
  const callbacks = { whenPinged: () => {}, whenPiece: () => {}, whenUncorked: () => {} };
  const made: Rig = { input, log, clock, ...callbacks };
  return made;
}

const frame = (opcode: number, payload: string, fin = true): Buffer =>
  encodeFrame({ opcode, payload, fin });

t.test('reads within a turn, and reports what the owner refuses', (t) => {
  const { input, log } = rig();
  input.receive(Buffer.concat([frame(OPCODE.text, 'hi'), frame(OPCODE.ping, '')]));
  t.strictSame(log.splice(0), ['cork', ['message', 'hi'], ['control', OPCODE.ping], 'uncork']);
  input.receive(frame(OPCODE.close, ''));
  t.strictSame(log[2], ['fail', 'close-code-invalid']);
  t.equal(input.messagesReceived, 1);
  t.end();
});

t.test('lets the end of the transport wait behind what it brought', (t) => {
  const { input, log } = rig();
  t.equal(input.takeEnd(), true);
  input.pause();
  t.equal(input.isShut, true);
  input.receive(frame(OPCODE.text, 'kept'));
  t.equal(input.takeEnd(), false);
  log.length = 0;
  input.resume();
  t.strictSame(log, ['cork', ['message', 'kept'], 'uncork', ['end']]);
  t.end();
});

t.test('counts only the time in which it reads against a message', (t) => {
  const { input, clock } = rig({ messageTimeoutMs: 100 });
  input.receive(frame(OPCODE.text, 'half', false));
  t.equal(input.isUnfinished, true);
  const passes = (ms: number): string | undefined => {
    clock.nowMs += ms;
    return input.tick(clock.nowMs)?.code;
  };
  t.equal(passes(1000), undefined);
  input.pause();
  t.equal(passes(100_000), undefined);
  input.resume();
  t.equal(passes(99), undefined);
  t.equal(passes(1), 'message-timeout');
  t.end();
});

t.test('sees a message grow that is as long as the last one of somebody else', (t) => {
  const [other, own] = [rig().input, rig().input];
  const long = 'x'.repeat(100);
  other.receive(frame(OPCODE.text, long.slice(0, 60), false));
  other.receive(frame(OPCODE.continuation, long.slice(60)));
  const half = frame(OPCODE.text, long, false);
  own.receive(half.subarray(0, 1));
  t.equal(own.hasGrown(), false);
  own.receive(half.subarray(1));
  t.equal(own.hasGrown(), true);
  t.equal(own.hasGrown(), false);
  t.end();
});

t.test('sees a message grow that is as long as the one before it was', (t) => {
  const { input } = rig();
  const half = frame(OPCODE.text, 'x'.repeat(100), false);
  for (const isFirst of [true, false]) {
    input.receive(half);
    t.equal(input.hasGrown(), true, isFirst ? 'first' : 'second');
    t.equal(input.hasGrown(), false);
    input.receive(frame(OPCODE.continuation, ''));
  }
  t.equal(input.hasGrown(), false);
  t.end();
});

t.test('wants input behind its end, whoever pauses', (t) => {
  const { input, log } = rig();
  input.stop();
  input.pause();
  t.equal(input.isShut, false);
  input.receive(frame(OPCODE.text, 'late'));
  input.resume();
  t.equal(input.takeEnd(), true);
  t.strictSame(log, []);
  t.end();
});

t.test('reads on against a pause, wanted by nobody', (t) => {
  const { input, log } = rig();
  input.pause();
  input.receive(frame(OPCODE.text, 'kept'));
  t.equal(input.isWanted, true);
  input.readOn();
  t.equal(input.isWanted, false);
  t.equal(input.isShut, false);
  input.resume();
  input.receive(frame(OPCODE.text, 'behind the gap'));
  t.strictSame(
    (log as unknown[][]).filter(([name]) => name === 'message' || name === 'wanted'),
    [
      ['wanted', false],
      ['wanted', true],
    ],
  );
  t.match(input, { messagesDiscarded: 2, messagesReceived: 0 });
  t.end();
});

/** A codec whose jobs end when the spec says so, with the bytes as they are. */
function later(log: unknown[]): NonNullable<ConnectionOptions['deflate']> & {
  working: (isWorking: boolean) => void;
  finish: () => void;
} {
  const codec = {
    working: (_isWorking: boolean): void => {},
    finish: (): void => {},
    compress() {},
    decompress(...[payload, , , done, working]: Parameters<MessageInflater['decompress']>): void {
      const bytes = Buffer.from(payload);
      codec.working = working;
      codec.finish = () => done(undefined, bytes);
    },
    beginTurn: () => void log.push('turn'),
    releaseIdle() {},
    breakContext() {},
    close() {},
  };
  return codec;
}

const compressed = (payload: string): Buffer =>
  encodeFrame({ opcode: OPCODE.text, payload, rsv: 4 }, { allowIllegal: true });

t.test('delivers messages in pieces, with their beginning and their end', (t) => {
  const { input, log } = rig({ delivery: 'pieces' });
  input.receive(frame(OPCODE.text, 'ab', false));
  input.receive(frame(OPCODE.continuation, 'c'));
  input.receive(frame(OPCODE.binary, ''));
  t.strictSame(log.filter(Array.isArray), [
    ['start', true],
    ['piece', 'ab'],
    ['piece', 'c'],
    ['end of message'],
    ['start', false],
    ['end of message'],
  ]);
  t.equal(input.messagesReceived, 2);
  t.end();
});

t.test('begins a turn of the codec with each of its own, and with none inside another', (t) => {
  const log: unknown[] = [];
  const made = rig({ deflate: later(log) });
  made.whenPinged = () => made.input.receive(frame(OPCODE.text, 'from inside'));
  made.input.receive(frame(OPCODE.ping, ''));
  t.strictSame(log, ['turn']);
  t.strictSame(made.log, ['cork', ['control', OPCODE.ping], ['message', 'from inside'], 'uncork']);
  made.input.receive(Buffer.alloc(0));
  t.strictSame(log, ['turn', 'turn']);
  t.end();
});

t.test('reads nothing while a job runs, and goes on behind its result', (t) => {
  const deflate = later([]);
  const { input, log } = rig({ deflate });
  input.receive(Buffer.concat([compressed('first'), frame(OPCODE.text, 'second')]));
  t.strictSame(log.splice(0), ['cork', ['wanted', false], 'uncork']);
  t.equal(input.isShut, true);
  deflate.finish();
  t.strictSame(log.splice(0), [
    'cork',
    ['message', 'first'],
    ['message', 'second'],
    'uncork',
    ['wanted', true],
  ]);
  t.end();
});

t.test('keeps the result of a job from an owner who has paused meanwhile', (t) => {
  const deflate = later([]);
  const { input, log } = rig({ deflate });
  input.receive(compressed('first'));
  input.pause();
  deflate.finish();
  t.equal(input.isShut, true);
  t.notOk(log.some((entry) => Array.isArray(entry) && entry[0] === 'message'));
  log.length = 0;
  input.resume();
  t.strictSame(log, ['cork', ['message', 'first'], 'uncork', ['wanted', true]]);
  t.end();
});

t.test('keeps the end of a compressed message from an owner who paused with a piece', (t) => {
  const deflate = Object.assign(later([]), {
    decompress: (...[payload, , , done]: Parameters<MessageInflater['decompress']>) =>
      done(undefined, Buffer.from(payload)),
  });
  const made = rig({ deflate, delivery: 'pieces' });
  const told = (): unknown[] => made.log.splice(0).filter(Array.isArray);
  made.whenPiece = () => made.input.pause();
  made.input.receive(compressed('piece'));
  t.strictSame(told(), [
    ['start', true],
    ['piece', 'piece'],
    ['wanted', false],
  ]);
  made.whenPiece = () => {};
  made.input.resume();
  t.strictSame(told(), [['end of message'], ['wanted', true]]);
  made.input.receive(compressed('next'));
  t.strictSame(told(), [['start', true], ['piece', 'next'], ['end of message']]);
  t.end();
});

t.test('counts against inflating the time in which it is worked on, and no waiting', (t) => {
  const deflate = later([]);
  const { input, clock } = rig({ deflate, inflateTimeoutMs: 100, messageTimeoutMs: 100 });
  input.receive(compressed('bomb'));
  const passes = (ms: number): string | undefined => {
    clock.nowMs += ms;
    return input.tick(clock.nowMs)?.code;
  };
  t.equal(passes(10_000), undefined, 'it waits for jobs of others');
  deflate.working(true);
  t.equal(passes(60), undefined);
  deflate.working(false);
  t.equal(passes(10_000), undefined);
  deflate.working(true);
  t.equal(passes(39), undefined);
  t.equal(passes(1), 'inflate-timeout');
  deflate.finish();
  t.equal(passes(10_000), undefined, 'it is over');
  t.end();
});

t.test('stays paused when the owner pauses while the output of going on leaves', (t) => {
  const made = rig();
  const { input, log } = made;
  input.pause();
  input.receive(frame(OPCODE.text, 'a'));
  log.splice(0);
  made.whenUncorked = () => input.pause();
  input.resume();
  t.strictSame(log.splice(0), ['cork', ['message', 'a'], 'uncork', ['wanted', false]]);
  made.whenUncorked = () => {};
  input.receive(frame(OPCODE.text, 'b'));
  t.strictSame(log.splice(0), ['cork', 'uncork'], 'it waits');
  input.resume();
  t.strictSame(log, ['cork', ['message', 'b'], 'uncork', ['wanted', true]]);
  t.end();
});

t.test('has the transport read again when going on throws', (t) => {
  const made = rig({ messageTimeoutMs: 100 });
  const { input, log, clock } = made;
  input.pause();
  input.receive(Buffer.concat([frame(OPCODE.text, 'begun', false), frame(OPCODE.ping, '')]));
  made.whenPinged = () => {
    throw new Error('of the owner');
  };
  log.splice(0);
  t.throws(() => input.resume(), /of the owner/);
  t.strictSame(log, ['cork', ['control', OPCODE.ping], 'uncork', ['wanted', true]]);
  t.equal(input.tick(clock.nowMs), undefined);
  clock.nowMs += 100;
  t.equal(input.tick(clock.nowMs)?.code, 'message-timeout', 'and its time counts');
  t.end();
});

t.test('counts nothing against a message while its transport is not read', (t) => {
  const { input, clock } = rig({ messageTimeoutMs: 100 });
  input.receive(frame(OPCODE.text, 'begun', false));
  input.pause();
  for (let tick = 0; tick < 5; tick += 1) {
    clock.nowMs += 1000;
    t.equal(input.tick(clock.nowMs), undefined);
  }
  input.resume();
  clock.nowMs += 99;
  t.equal(input.tick(clock.nowMs), undefined);
  clock.nowMs += 1;
  t.equal(input.tick(clock.nowMs)?.code, 'message-timeout');
  t.end();
});

t.test('delivers nothing once it was stopped, not the result of a job either', (t) => {
  const deflate = later([]);
  const { input, log } = rig({ deflate });
  input.receive(compressed('first'));
  input.stop();
  log.length = 0;
  deflate.finish();
  input.receive(frame(OPCODE.text, 'late'));
  t.strictSame(log.filter(Array.isArray), []);
  t.equal(input.isShut, false, 'the transport flows to its end');
  t.equal(input.messagesReceived, 0);
  t.end();
});
