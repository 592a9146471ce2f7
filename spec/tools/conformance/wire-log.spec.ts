import { createFrameHeader } from 'barewire/codec';
import t from 'tap';
import { WireLog } from '../../../tools/conformance/wire-log.ts';

const frame = (log: WireLog, isOut: boolean, opcode: number): void =>
  log.frame(isOut, { ...createFrameHeader(), opcode }, Buffer.alloc(0));

const kinds = (log: WireLog): string[] =>
  log.entries.map((entry) => {
    if (entry.kind === 'switch') return entry.isOn ? 'on' : 'off';
    return entry.kind === 'frame' ? `${entry.header.opcode}` : entry.kind;
  });

t.test('a long log counts on, and shows how it ended', (t) => {
  const log = new WireLog(() => 0, true);
  for (let sent = 0; sent < 100; sent += 1) frame(log, true, 0);
  t.equal(kinds(log).at(-1), 'off');
  const length = kinds(log).length;
  t.ok(length < 100);
  frame(log, false, 8);
  frame(log, true, 8);
  t.same(kinds(log).slice(length), ['on', '8', '8']);
  t.equal(log.txFrames.get(0), 100);
  for (let sent = 0; sent < 100; sent += 1) frame(log, false, 8);
  t.equal(kinds(log).at(-1), 'off', 'but not for ever');
  t.ok(kinds(log).length < length + 30);
  t.equal(log.rxFrames.get(8), 101);
  t.end();
});

t.test('a short log is whole, and has no switches', (t) => {
  const log = new WireLog(() => 0, false);
  frame(log, true, 1);
  frame(log, false, 8);
  log.note('said');
  t.same(kinds(log), ['1', '8', 'note']);
  t.ok(log.isOn);
  t.end();
});
