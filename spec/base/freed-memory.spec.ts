import { hasFastPath, keepFreedMemory } from 'barewire/base';
import t from 'tap';
import { passesPlainly } from '../support/fast-paths.ts';

const BLOCK_BYTES = 24 * 1024 * 1024;
const allocatedBytes = (): number => process.memoryUsage().arrayBuffers;

t.test('has one long block in a process, once', (t) => {
  const before = allocatedBytes();
  keepFreedMemory();
  const first = allocatedBytes() - before;
  t.equal(first >= BLOCK_BYTES, hasFastPath('freed-memory'), `${first} bytes`);
  keepFreedMemory();
  t.ok(allocatedBytes() - before < first + BLOCK_BYTES);
  t.end();
});

passesPlainly(t, import.meta.url);
