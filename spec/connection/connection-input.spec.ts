import { ProtocolError } from 'barewire/base';
import { encodeFrame, OPCODE } from 'barewire/codec';
import { ConnectionInput, Keepalive } from 'barewire/connection';
import t from 'tap';

function rig(options: { messageTimeoutMs?: number } = {}): {
  input: ConnectionInput;
  log: unknown[];
  clock: { nowMs: number };
  counters: { messagesReceived: number; messagesDiscarded: number };
} {
  const log: unknown[] = [];
  const clock = { nowMs: 0 };
  const note =
    (name: string) =>
    (...rest: unknown[]): void =>
      void log.push([name, ...rest]);
  const sink = {
    message: note('message'),
    write: () => true,
    wantsFlush() {},
    isCongested: () => false,
    wantsInput: note('wanted'),
    endTransport() {},
    abortTransport() {},
    closed() {},
  };
  const counters = {
    bytesReceived: 0,
    bytesSent: 0,
    messagesReceived: 0,
    messagesDiscarded: 0,
    messagesSent: 0,
    messagesDropped: 0,
    pingsReceived: 0,
    pongsReceived: 0,
  };
  const corks = { cork: () => log.push('cork') > 0, uncork: () => void log.push('uncork') };
  const owner = {
    control: (opcode: number) => {
      log.push(['control', opcode]);
      if (opcode === OPCODE.close) throw new ProtocolError('close-code-invalid');
    },
    fail: (error: ProtocolError) => void log.push(['fail', error.code]),
    receiveEnd: note('end'),
  };
  const input = new ConnectionInput(
    sink,
    { role: 'client', now: () => clock.nowMs, ...options },
    counters,
    new Keepalive(),
    corks,
    owner,
  );
  return { input, log, clock, counters };
}

const frame = (opcode: number, payload: string, fin = true): Buffer =>
  encodeFrame({ opcode, payload, fin });

t.test('reads within a turn, and reports what the owner refuses', (t) => {
  const { input, log, counters } = rig();
  input.receive(Buffer.concat([frame(OPCODE.text, 'hi'), frame(OPCODE.ping, '')]));
  t.strictSame(log.splice(0), ['cork', ['message', 'hi'], ['control', OPCODE.ping], 'uncork']);
  input.receive(frame(OPCODE.close, ''));
  t.strictSame(log[2], ['fail', 'close-code-invalid']);
  t.equal(counters.messagesReceived, 1);
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

t.test('reads on against a pause, wanted by nobody', (t) => {
  const { input, log, counters } = rig();
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
  t.equal(counters.messagesDiscarded, 2);
  t.end();
});
