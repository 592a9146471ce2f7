/**
 * What the cases send, against a table that was written down apart from the code.
 */
import t from 'tap';
import { CATALOGUE } from '../../../tools/conformance/cases/index.ts';
import { captureWrites, findCase, readFrames, tellCase } from './capture.ts';

const HELLO = 'Hello, world!';
const NOT_UTF8 = '00fffefdfcfb00ff';
const KILL = 'kill-after 1';
const CLOSE = 'close-after 1';

const framed = (f: (words: string) => string[]): string[][] => [f(''), f(' sync'), f(' chop 1')];

/** By case: frames and timers in order. */
const SENT: Record<string, readonly string[]> = {
  '1.1.1': ['text+', KILL],
  '1.1.2': ['text+ 2a*125', KILL],
  '1.1.5': ['text+ 2a*128', KILL],
  '1.1.6': ['text+ 2a*65535', 'kill-after 10'],
  '1.1.8': ['text+ 2a*65536 chop 997', 'kill-after 10'],
  '1.2.1': ['binary+', KILL],
  '1.2.3': ['binary+ fe*126', KILL],
  '1.2.8': ['binary+ fe*65536 chop 997', 'kill-after 10'],
  '2.1': ['ping+', CLOSE],
  '2.2': [`ping+ ${HELLO}`, CLOSE],
  '2.3': [`ping+ ${NOT_UTF8}`, CLOSE],
  '2.4': ['ping+ fe*125', CLOSE],
  '2.5': ['ping+ fe*126', KILL],
  '2.6': ['ping+ fe*125 chop 1', 'close-after 2'],
  '2.7': ['pong+', 'close+ 03e8', CLOSE],
  '2.8': ['pong+ unsolicited pong payload', 'close+ 03e8', CLOSE],
  '2.9': ['pong+ unsolicited pong payload', 'ping+ ping payload', CLOSE],
  '2.10': [...Array.from({ length: 10 }, (_, n) => `ping+ payload-${n}`), 'close-after 3'],
  '2.11': [...Array.from({ length: 10 }, (_, n) => `ping+ payload-${n} chop 1`), 'close-after 3'],
  '3.1': [`text+r1 ${HELLO}`, KILL],
  '3.2': [`text+ ${HELLO}`, `text+r2 ${HELLO}`, 'ping+', KILL],
  '3.3': [`text+ ${HELLO} sync`, `text+r3 ${HELLO} sync`, 'ping+ sync', KILL],
  '3.4': [`text+ ${HELLO} chop 1`, `text+r4 ${HELLO} chop 1`, 'ping+ chop 1', KILL],
  '3.5': [`binary+r5 ${NOT_UTF8}`, KILL],
  '3.6': [`binary+r6 ${HELLO}`, KILL],
  '3.7': ['close+r7', KILL],
  '4.1.1': ['op3+', KILL],
  '4.1.2': ['op4+ reserved opcode payload', KILL],
  '4.1.3': [`text+ ${HELLO}`, 'op5+', 'ping+', KILL],
  '4.1.4': [`text+ ${HELLO}`, `op6+ ${HELLO}`, 'ping+', KILL],
  '4.1.5': [`text+ ${HELLO} chop 1`, `op7+ ${HELLO} chop 1`, 'ping+ chop 1', KILL],
  '4.2.1': ['op11+', KILL],
  '4.2.2': ['op12+ reserved opcode payload', KILL],
  '4.2.3': [`text+ ${HELLO}`, 'op13+', 'ping+', KILL],
  '4.2.4': [`text+ ${HELLO}`, `op14+ ${HELLO}`, 'ping+', KILL],
  '4.2.5': [`text+ ${HELLO} chop 1`, `op15+ ${HELLO} chop 1`, 'ping+ chop 1', KILL],
  '5.1': ['ping- fragment1', 'cont+ fragment2', KILL],
  '5.2': ['pong- fragment1', 'cont+ fragment2', KILL],
  '5.15': ['text- fragment1', 'cont+ fragment2', 'cont- fragment3', 'text+ fragment4', KILL],
  '5.16': [
    ...['cont- fragment1', 'text- fragment2', 'cont+ fragment3'],
    ...['cont- fragment1', 'text- fragment2', 'cont+ fragment3'],
    KILL,
  ],
  '5.17': [
    ...['cont+ fragment1', 'text- fragment2', 'cont+ fragment3'],
    ...['cont+ fragment1', 'text- fragment2', 'cont+ fragment3'],
    KILL,
  ],
  '5.18': ['text- fragment1', 'text+ fragment2', KILL],
  '5.19': [
    'text- fragment1',
    'cont- fragment2',
    'ping+ pongme 1!',
    'wait 1',
    'cont- fragment3',
    'cont- fragment4',
    'ping+ pongme 2!',
    'cont+ fragment5',
    CLOSE,
  ],
  '6.1.1': ['text+', CLOSE],
  '6.1.2': ['text-', 'cont-', 'cont+', CLOSE],
  '6.1.3': ['text-', 'cont- middle frame payload', 'cont+', CLOSE],
  '6.2.2': ['text- 48656c6c6f2dc2b540c39fc3b6c3a4', 'cont+ c3bcc3a0c3a12d5554462d382121', CLOSE],
  '6.3.1': ['text+ cebae1bdb9cf83cebcceb5eda080656469746564', KILL],
  '6.4.1': [
    'text- cebae1bdb9cf83cebcceb5',
    'wait 1 A',
    'cont- f4908080',
    'wait 1 B',
    'cont+ edited',
    KILL,
  ],
  '6.4.2': [
    'text- cebae1bdb9cf83cebcceb5f4',
    'wait 1 A',
    'cont- 90',
    'wait 1 B',
    'cont+ 8080656469746564',
    KILL,
  ],
  '7.1.1': ['text+ Hello World!', KILL],
  '7.1.2': ['close+ 03e8', 'close+', KILL],
  '7.1.3': ['close+ 03e8', 'ping+', KILL],
  '7.1.4': ['close+ 03e8', 'text+ Hello World!', KILL],
  '7.1.5': ['text- fragment1', 'close+ 03e8', 'cont+ fragment2', KILL],
  '7.1.6': ['text+ BAsd7&jh23', 'text+ Hello World!', 'close+ 03e8', 'ping+', KILL],
  '7.3.1': ['close+', KILL],
  '7.3.2': ['close+ a', KILL],
  '7.3.3': ['close+ 03e8', KILL],
  '7.3.4': ['close+ 03e848656c6c6f20576f726c6421', KILL],
  '7.5.1': ['close+ 03e8cebae1bdb9cf83cebcceb5eda080656469746564', KILL],
  '7.13.1': ['close+ 1388', KILL],
  '7.13.2': ['close+ ffff', KILL],
};

for (const [index, how] of framed((words) => [words]).entries()) {
  const words = how[0]!;
  SENT[`5.${3 + index}`] = [`text- fragment1${words}`, `cont+ fragment2${words}`, CLOSE];
  SENT[`5.${6 + index}`] = [
    ...[`text- fragment1${words}`, `ping+ ping payload${words}`, `cont+ fragment2${words}`],
    CLOSE,
  ];
  const stray = 'non-continuation payload';
  SENT[`5.${9 + index}`] = [`cont+ ${stray}${words}`, `text+ ${HELLO}${words}`, KILL];
  SENT[`5.${12 + index}`] = [`cont- ${stray}${words}`, `text+ ${HELLO}${words}`, KILL];
}
SENT['5.20'] = SENT['5.19']!.map((each) => (/^(wait|close)/.test(each) ? each : `${each} sync`));
const VALID = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const INVALID = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
const code = (number: number): string => number.toString(16).padStart(4, '0');
for (const [at, each] of VALID.entries()) SENT[`7.7.${at + 1}`] = [`close+ ${code(each)}`, KILL];
for (const [at, each] of INVALID.entries()) SENT[`7.9.${at + 1}`] = [`close+ ${code(each)}`, KILL];

t.test(
  'groups 1 to 7 send what the catalogue says, in this order, with these timers',
  async (t) => {
    for (const [id, sent] of Object.entries(SENT)) t.same(await tellCase(id), sent, id);
    const told = new Set(Object.keys(SENT));
    const isTold = /^(2|3|4\.\d|5|7\.[79])\.\d+$/;
    for (const {
      case: { id },
    } of CATALOGUE)
      if (isTold.test(id)) t.ok(told.has(id), id);
  },
);

t.test('a client masks every frame, a server none; the payloads are the same', async (t) => {
  for (const role of ['client', 'server'] as const) {
    const { writes, log } = await captureWrites(findCase('5.6'), role);
    const frames = readFrames(Buffer.concat(writes));
    t.same(
      frames.map(({ opcode, fin, payload }) => [opcode, fin, payload.toString()]),
      [
        [1, false, 'fragment1'],
        [9, true, 'ping payload'],
        [0, true, 'fragment2'],
        [8, true, ''],
      ],
    );
    for (const entry of log.entries) {
      if (entry.kind === 'frame') t.equal(entry.header.masked, role === 'client');
    }
  }
});

t.test('a payload that is cut evenly ends with an empty frame', async (t) => {
  const lengths = async (id: string): Promise<string> => {
    const { writes } = await captureWrites(findCase(id), 'server');
    const frames = readFrames(Buffer.concat(writes)).filter(({ opcode }) => opcode < 8);
    const last = frames.at(-1)!;
    return `${frames.length} frames, the last of ${last.payload.length}, FIN ${frames.filter(({ fin }) => fin).length}`;
  };
  t.equal(await lengths('6.2.3'), '30 frames, the last of 0, FIN 1');
  t.equal(await lengths('6.2.4'), '12 frames, the last of 0, FIN 1');
  t.equal(await lengths('6.3.2'), '21 frames, the last of 0, FIN 1');
  t.equal(await lengths('9.3.2'), '16385 frames, the last of 0, FIN 1');
  t.equal(await lengths('9.4.9'), '1 frames, the last of 4194304, FIN 1');
  t.equal(await lengths('10.1.1'), '51 frames, the last of 536, FIN 1');
});

t.test('what is chopped leaves in pieces of that size, and nothing overtakes it', async (t) => {
  const { writes } = await captureWrites(findCase('1.1.8'), 'server');
  t.same(
    writes.slice(0, 65).map(({ length }) => length),
    Array.from({ length: 65 }, () => 997),
  );
  const octets = await captureWrites(findCase('3.4'), 'server');
  const before = octets.writes.filter(({ length }) => length === 1).length;
  t.equal(before, 15 + 15 + 2, 'all three frames, octet by octet');
  t.equal(octets.log.txOctets.get(1), before);
});

t.test('one frame may be written in pieces, under one mask', async (t) => {
  for (const role of ['client', 'server'] as const) {
    const { writes } = await captureWrites(findCase('6.4.3'), role);
    const [first, last] = readFrames(Buffer.concat(writes));
    t.same(first, {
      opcode: 1,
      fin: false,
      payload: Buffer.from('cebae1bdb9cf83cebcceb5f4908080656469746564', 'hex'),
    });
    t.same(last, { opcode: 0, fin: true, payload: Buffer.alloc(0) });
    t.equal(writes.length, 4, 'head and first piece, second, third with the last frame, close');
  }
});
