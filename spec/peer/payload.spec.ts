import { UsageError } from 'barewire/base';
import { isPieceSource, type MessageData, toPayload } from 'barewire/peer';
import t from 'tap';
import { checkList, type PieceSource, payloadLength } from '../../lib/peer/payload.ts';

const memory = Uint8Array.from({ length: 32 }, (_, index) => index).buffer;
const bytes = (data: MessageData): number[] => [...(toPayload(data) as Uint8Array)];

t.test('takes exactly the bytes of every kind of view', (t) => {
  t.strictSame(bytes(Buffer.from(memory, 4, 3)), [4, 5, 6]);
  t.strictSame(bytes(new DataView(memory, 30, 2)), [30, 31]);
  t.strictSame(bytes(new Uint16Array(memory, 2, 2)), [2, 3, 4, 5]);
  t.strictSame(bytes(new Float64Array(memory, 8, 1)), [8, 9, 10, 11, 12, 13, 14, 15]);
  t.strictSame(bytes(new BigInt64Array(memory, 24, 1)).length, 8);
  t.strictSame(bytes(memory).length, 32);
  t.strictSame(bytes(new Uint8Array(memory, 5, 0)), []);
  t.equal(toPayload('text'), 'text');
  t.end();
});

t.test('copies memory that others may change, and no other', (t) => {
  const shared = new SharedArrayBuffer(4);
  const payload = toPayload(shared) as Uint8Array;
  new Uint8Array(shared).fill(9);
  t.strictSame([...payload], [0, 0, 0, 0]);
  const own = new Uint8Array([1]);
  t.equal((toPayload(own) as Uint8Array).buffer, own.buffer);
  t.end();
});

t.test('copies resizable memory, where the platform has it', (t) => {
  const Resizable = ArrayBuffer as unknown as new (
    length: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(length: number): void };
  const buffer = new Resizable(4, { maxByteLength: 8 });
  const payload = toPayload(new Uint8Array(buffer)) as Uint8Array;
  buffer.resize(0);
  t.equal(payload.length, 4);
  t.end();
});

t.test('refuses what is no message, detached memory included', (t) => {
  const gone = new ArrayBuffer(8);
  const view = new Uint8Array(gone);
  structuredClone(gone, { transfer: [gone] });
  for (const bad of [42, null, undefined, {}, true, Symbol('x'), gone, view]) {
    t.throws(() => toPayload(bad as unknown as MessageData), UsageError);
  }
  t.end();
});

t.test('tells messages in pieces from messages', (t) => {
  t.equal(isPieceSource(new Blob([])), true);
  t.equal(isPieceSource(['a', 'b']), true);
  t.equal(isPieceSource((async function* () {})()), true);
  for (const whole of ['text', Buffer.from('x'), new Uint16Array(1), new ArrayBuffer(1), 5, null]) {
    t.equal(isPieceSource(whole), false);
  }
  t.end();
});

t.test('measures text as it travels, and bytes of any view [6455-5.6-3]', (t) => {
  for (const [payload, bytes] of [
    ['', 0],
    ['text', 4],
    ['gr\u00fc', 4],
    ['\u20ac', 3],
    ['\u{1f30d}', 4],
    ['\ud83c', 3],
    [new Uint8Array(5), 5],
    [new Float64Array(3), 24],
  ] as const) {
    t.equal(payloadLength(payload), bytes);
    if (typeof payload === 'string') t.equal(Buffer.from(payload).length, bytes, 'as it is sent');
  }
  t.end();
});

t.test('refuses a list in which one is no message, before any of it is sent', (t) => {
  const fine: PieceSource[] = [
    [],
    ['a', Buffer.from('b'), new Float64Array(1), memory],
    [Promise.resolve('later')] as never,
    new Set([5]) as never,
    (async function* () {})(),
    new Blob([]),
  ];
  for (const source of fine) t.doesNotThrow(() => checkList(source));
  const gone = new ArrayBuffer(8);
  structuredClone(gone, { transfer: [gone] });
  for (const bad of [5, null, undefined, {}, true, gone, ['a']]) {
    t.throws(() => checkList(['a', bad as never]), { code: 'invalid-argument' });
  }
  t.end();
});
