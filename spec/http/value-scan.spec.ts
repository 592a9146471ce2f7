import { hasFastPath } from 'barewire/base';
import t from 'tap';
import { skipValue, wordsBehind } from '../../lib/http/value-scan.ts';
import { countedBytes } from '../support/counted-bytes.ts';
import { recordRequests } from '../support/http-driver.ts';
import { verdict } from '../support/http-verdicts.ts';
import { resizableMemory } from '../support/memory.ts';

/** The octet under test at `place` of a value of `length` octets, in memory that begins `offset` on. */
function judgeAt(octet: number, place: number, length: number, offset: number): string {
  const head = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nX:');
  const value = Buffer.alloc(length, 0x61);
  value[place] = octet;
  const text = Buffer.concat([Buffer.alloc(offset), head, value, Buffer.from('\r\n\r\n')]);
  return verdict(recordRequests([text.subarray(offset)]));
}

t.test('judges each octet the same at every place of a word, and in every kind of memory', (t) => {
  for (const octet of [0x00, 0x09, 0x0a, 0x0d, 0x1f, 0x20, 0x7e, 0x7f, 0x80, 0x9f, 0xa0, 0xff]) {
    const expected = judgeAt(octet, 1, 3, 0);
    const verdicts = new Set<string>();
    for (let length = 2; length < 20; length += 1) {
      for (let place = 0; place < length - 1; place += 1) {
        for (let offset = 0; offset < 4; offset += 1) {
          verdicts.add(judgeAt(octet, place, length, offset));
        }
      }
    }
    t.strictSame([...verdicts], [expected], `octet ${octet}`);
  }
  t.end();
});

t.test('sees a bad octet next to octets that carry or borrow in a word', (t) => {
  for (const neighbour of [0x20, 0x7e, 0x80, 0xff]) {
    for (const bad of [0x00, 0x1f, 0x7f]) {
      for (let place = 0; place < 8; place += 1) {
        const value = Buffer.alloc(8, neighbour);
        value[place] = bad;
        const head = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nX: ');
        const input = Buffer.concat([head, value, Buffer.from('a\r\n\r\n')]);
        t.equal(verdict(recordRequests([input])), 'bad-header-value', `${bad} at ${place}`);
      }
    }
  }
  t.end();
});

t.test('sees a bad octet in memory that has grown or shrunk since it was looked at first', (t) => {
  for (const [first, then] of [
    [64, 256],
    [256, 64],
  ] as const) {
    const memory = resizableMemory(first, 256);
    const write = (text: string): Buffer => {
      const bytes = Buffer.from(memory as ArrayBuffer);
      return bytes.subarray(0, bytes.write(text, 'latin1'));
    };
    const head = 'GET / HTTP/1.1\r\nHost: a\r\nX: ';
    t.equal(verdict(recordRequests([write(`${head}abcd\r\n\r\n`)])), 'ok');
    memory.resize(then);
    const value = 'b'.repeat(then === 256 ? 100 : 20);
    t.equal(verdict(recordRequests([write(`${head}${value}\0\r\n\r\n`)])), 'bad-header-value');
  }
  t.end();
});

t.test('reads values out of shared memory', (t) => {
  const shared = Buffer.from(new SharedArrayBuffer(64));
  const length = shared.write('GET / HTTP/1.1\r\nHost: abcdefghijklmnop\r\n\r\n');
  t.equal(verdict(recordRequests([shared.subarray(0, length)])), 'ok');
  t.end();
});

t.test('looks at fewer than eight octets of a plain value one by one', (t) => {
  for (let offset = 0; offset < 8; offset += 1) {
    for (let length = 0; length < 40; length += 1) {
      const memory = Buffer.from(new ArrayBuffer(64)).fill(0x61);
      const plain = memory.subarray(offset, offset + length);
      const { bytes, reads } = countedBytes(plain);
      const words = wordsBehind(plain);
      t.equal(skipValue(bytes, words, plain.byteOffset, 0, length), length);
      const isFew = hasFastPath('value-scan') ? reads.length < 8 : reads.length === length;
      t.ok(isFew, `${length} octets from ${offset} on: ${reads}`);
    }
  }
  t.end();
});
