import { encodeFrame, OPCODE } from 'barewire/codec';
import t from 'tap';
import type { WireRecord } from '../../tools/demo/page/messages.ts';
import { WireTaps } from '../../tools/demo/wire-tap.ts';
import { feedings } from '../support/feeding.ts';

const KEY = 0x37_fa_21_3d;

const watch = (page = 'p', taps = new WireTaps(() => 0)) => {
  const records: WireRecord[] = [];
  const tap = taps.of(page);
  if (tap === undefined) throw new Error('no tap');
  const stop = tap.watch((record) => records.push(record));
  return { records, tap, taps, stop };
};

t.test('takes frames of both directions apart, however they are cut', (t) => {
  const hello = encodeFrame({ opcode: OPCODE.text, payload: 'Hello', maskingKey: KEY });
  const ping = encodeFrame({ opcode: OPCODE.ping, payload: '' });
  const input = Buffer.concat([hello, encodeFrame({ opcode: 9, maskingKey: KEY, payload: 'x' })]);
  for (const { name, chunks } of feedings(input)) {
    const { records, tap } = watch();
    const connection = tap.connect();
    for (const chunk of chunks) connection.bytes('in', chunk);
    connection.bytes('out', ping);
    const common = { kind: 'frame', fin: true, rsv: 0, connection: 1, at: 0 };
    t.same(
      records,
      [
        {
          ...common,
          seq: 1,
          direction: 'in',
          header: '818537fa213d',
          opcode: 1,
          masked: true,
          payloadLength: 5,
          payload: Buffer.from('Hello').toString('hex'),
        },
        {
          ...common,
          seq: 2,
          direction: 'in',
          header: '898137fa213d',
          opcode: 9,
          masked: true,
          payloadLength: 1,
          payload: '78',
        },
        {
          ...common,
          seq: 3,
          direction: 'out',
          header: '8900',
          opcode: 9,
          masked: false,
          payloadLength: 0,
          payload: '',
        },
      ],
      name,
    );
  }
  t.end();
});

t.test('shows the beginning of a long payload and all of its length', (t) => {
  for (const length of [125, 126, 600, 601, 65_535, 65_536, 200_000]) {
    const { records, tap } = watch();
    const connection = tap.connect();
    const frame = encodeFrame({ opcode: OPCODE.binary, payload: Buffer.alloc(length, 0xab) });
    for (let at = 0; at < frame.length; at += 1000) {
      connection.bytes('out', frame.subarray(at, at + 1000));
    }
    t.match(records, [
      {
        payloadLength: length,
        header: frame.toString('hex', 0, frame.length - length),
        payload: 'ab'.repeat(Math.min(length, 600)),
      },
    ]);
  }
  t.end();
});

t.test('leaves the bytes that it looks at alone', (t) => {
  const frame = encodeFrame({ opcode: OPCODE.text, payload: 'masked', maskingKey: KEY });
  const copy = Buffer.from(frame);
  watch().tap.connect().bytes('in', frame);
  t.ok(frame.equals(copy));
  t.end();
});

t.test('shows a viewer who comes late the handshake and what followed', (t) => {
  const taps = new WireTaps(() => 0);
  const tap = taps.of('p');
  const connection = tap?.connect();
  connection?.handshake('in', Buffer.from('GET /chat HTTP/1.1\r\n\r\n'));
  connection?.handshake('out', Buffer.from('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
  connection?.bytes('out', encodeFrame({ opcode: OPCODE.text, payload: 'welcome' }));
  const { records } = watch('p', taps);
  t.same(
    records.map(({ kind, direction, seq }) => `${seq} ${kind} ${direction}`),
    ['1 handshake in', '2 handshake out', '3 frame out'],
  );
  t.end();
});

t.test('tells the connections of a page apart, and where each ends', (t) => {
  const { records, tap } = watch();
  const first = tap.connect();
  first.end('closed with 1000');
  first.end('again');
  first.bytes('out', encodeFrame({ opcode: OPCODE.text, payload: 'late' }));
  tap.connect().handshake('in', Buffer.from('GET'));
  t.same(
    records.map(({ kind, connection }) => `${connection} ${kind}`),
    ['1 end', '2 handshake'],
  );
  t.end();
});

t.test('keeps pages apart', (t) => {
  const taps = new WireTaps(() => 0);
  const [ann, ben] = [watch('ann', taps), watch('ben', taps)];
  ann.tap.connect().handshake('in', Buffer.from('GET'));
  t.equal(ann.records.length, 1);
  t.equal(ben.records.length, 0);
  t.end();
});

t.test('reads no further behind a frame that is none, but shows what is said to it', (t) => {
  const { records, tap } = watch();
  const connection = tap.connect();
  connection.bytes('in', encodeFrame({ opcode: OPCODE.text, payload: 'not masked' }));
  connection.bytes('in', Buffer.from('more'));
  connection.bytes('out', encodeFrame({ opcode: OPCODE.close, payload: Buffer.of(0x03, 0xea) }));
  connection.end('closed with 1002');
  t.match(records, [
    { kind: 'broken', direction: 'in', text: /frame-not-masked/ },
    { kind: 'frame', direction: 'out', opcode: 8, payload: '03ea' },
    { kind: 'end', text: 'closed with 1002' },
  ]);
  t.equal(records.length, 3);
  t.end();
});

t.test('keeps a bounded number of records', (t) => {
  const taps = new WireTaps(() => 0);
  const connection = taps.of('p')?.connect();
  const frame = encodeFrame({ opcode: OPCODE.text, payload: 'x' });
  for (let n = 0; n < 1000; n += 1) connection?.bytes('out', frame);
  const { records } = watch('p', taps);
  t.equal(records.length, 120);
  t.equal(records.at(-1)?.seq, 1000);
  t.end();
});

t.test('forgets a page when nobody is at either end, and watches a bounded number', (t) => {
  const taps = new WireTaps(() => 0);
  const { tap, stop } = watch('p', taps);
  const connection = tap.connect();
  stop();
  t.equal(taps.size, 1, 'the connection is still open');
  connection.end('gone');
  t.equal(taps.size, 0);
  for (let n = 0; n < 1000; n += 1) taps.of(`page ${n}`);
  t.equal(taps.size, 200);
  t.equal(taps.of('one more'), undefined);
  t.end();
});
