import { runInNewContext } from 'node:vm';
import { viewBytes } from 'barewire/codec';
import t from 'tap';
import { isBytes } from '../../lib/codec/payload-bytes.ts';
import { detach, resizableMemory } from '../support/memory.ts';

const memory = Uint8Array.from({ length: 64 }, (_, index) => index).buffer;

/** Everything that shows bytes 16 – 31 of the memory. */
const VIEWS: readonly ArrayBufferView[] = [
  new Uint8Array(memory, 16, 16),
  new Uint8ClampedArray(memory, 16, 16),
  new Int8Array(memory, 16, 16),
  new Uint16Array(memory, 16, 8),
  new Int16Array(memory, 16, 8),
  new Uint32Array(memory, 16, 4),
  new Int32Array(memory, 16, 4),
  new Float32Array(memory, 16, 4),
  new Float64Array(memory, 16, 2),
  new BigUint64Array(memory, 16, 2),
  new BigInt64Array(memory, 16, 2),
  new DataView(memory, 16, 16),
  Buffer.from(memory, 16, 16),
];

t.test('shows exactly the bytes of every kind of view', (t) => {
  const expected = Buffer.from(memory, 16, 16);
  for (const view of VIEWS) {
    const bytes = viewBytes(view);
    t.ok(expected.equals(bytes), view.constructor.name);
    t.equal(bytes.buffer, memory, 'without a copy');
  }
  t.end();
});

t.test('shows exactly the bytes of every kind of memory', (t) => {
  t.equal(viewBytes(memory).length, 64);
  const sharedMemory = new SharedArrayBuffer(5);
  t.equal(viewBytes(sharedMemory).buffer, sharedMemory);
  t.equal(viewBytes(new ArrayBuffer(0)).length, 0);
  t.equal(viewBytes(new Uint8Array(0)).length, 0);
  const growing = resizableMemory(8, 16);
  const tracking = new Uint8Array(growing);
  growing.resize(12);
  t.equal(viewBytes(tracking).length, 12);
  t.equal(viewBytes(growing).length, 12);
  t.end();
});

t.test('refuses memory that is gone', (t) => {
  const gone = { code: 'invalid-argument', message: /gone/ };
  for (const make of [
    (lost: ArrayBuffer) => new Uint8Array(lost),
    (lost: ArrayBuffer) => Buffer.from(lost),
    (lost: ArrayBuffer) => new Uint16Array(lost),
    (lost: ArrayBuffer) => new DataView(lost),
    (lost: ArrayBuffer) => lost,
  ]) {
    const lost = new ArrayBuffer(8);
    const view = make(lost);
    detach(lost);
    t.throws(() => viewBytes(view), gone);
  }
  const shrunk = resizableMemory(16, 16);
  const outside = [
    new Uint8Array(shrunk, 8, 8),
    new Uint16Array(shrunk, 8, 4),
    new BigInt64Array(shrunk, 8, 1),
    new DataView(shrunk, 8, 8),
  ];
  shrunk.resize(4);
  for (const view of outside) t.throws(() => viewBytes(view), gone);
  t.end();
});

t.test('refuses what holds no bytes', (t) => {
  const nothing = [undefined, null, 0, 16, 1n, true, 'text', [1, 2], {}, { length: 3 }, () => 1];
  for (const value of [
    ...nothing,
    Symbol('bytes'),
    new Map(),
    Object.create(Uint8Array.prototype),
  ]) {
    t.throws(() => viewBytes(value), { code: 'invalid-argument' });
  }
  t.end();
});

t.test('knows arrays of bytes, of this realm or another, from all others', (t) => {
  const foreign = runInNewContext('new Uint8Array([1, 2, 3])');
  t.notOk(foreign instanceof Uint8Array, 'a class of its own');
  for (const value of [new Uint8Array(0), Buffer.from('bytes'), foreign]) {
    t.equal(isBytes(value), true);
    t.equal(viewBytes(value), value);
  }
  const elements = VIEWS.filter((view) => !(view instanceof Uint8Array));
  for (const value of [...elements, memory, 'text', [1], 5, null, undefined]) {
    t.equal(isBytes(value), false, String(value));
  }
  t.end();
});
