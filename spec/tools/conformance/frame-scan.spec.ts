import t from 'tap';
import { encode, scanner, type Told } from '../../support/frame-scans.ts';

t.test('each fault is told once, before its frame, as soon as two octets show it', (t) => {
  const told: Told = [];
  const scan = scanner(told);
  const bytes = encode({ opcode: 11, rsv: 3, fin: false, payload: Buffer.alloc(200, 'x') });
  scan.receive(bytes.subarray(0, 1));
  t.same(told, []);
  scan.receive(bytes.subarray(1, 2));
  const faults = ['reserved-bit', 'control-frame-fragmented', 'control-frame-too-long'];
  const expected = [...faults, 'reserved-opcode'].map((fault) => `fault ${fault}`);
  t.same(told, expected);
  scan.receive(bytes.subarray(2));
  scan.receive(encode({ opcode: 8, payload: '' }));
  t.same(told, [...expected, `11- ${'x'.repeat(200)}`, '8+']);
  t.end();
});

t.test('every rule is asked, in the order of the original', (t) => {
  const faults = (frame: object, allowRsv1 = false): Told => {
    const told: Told = [];
    const scan = scanner(told, allowRsv1);
    scan.receive(encode({ opcode: 1, payload: 'a', fin: false, ...frame }));
    scan.receive(encode({ opcode: 2, payload: 'b', rsv: 4 }));
    return told.filter((line) => line.startsWith('fault')).map((line) => line.slice(6));
  };
  const second = ['reserved-bit', 'message-not-finished'];
  t.same(faults({}), second);
  t.same(faults({}, true), ['message-not-finished', 'reserved-bit'], 'where RSV1 has a meaning');
  t.same(faults({ rsv: 2, maskingKey: 7 }), ['reserved-bit', 'frame-masked', ...second]);
  t.same(faults({ lengthForm: 64, rsv: 1 }), ['reserved-bit', 'length-not-minimal', ...second]);
  t.same(faults({ opcode: 9, rsv: 4, fin: true }, true), ['reserved-bit']);
  t.end();
});

t.test('messages are kept apart after a fault, too', (t) => {
  const told: Told = [];
  const scan = scanner(told);
  scan.receive(encode({ opcode: 0, payload: 'stray' }));
  scan.receive(encode({ opcode: 1, payload: 'a', fin: false }));
  scan.receive(encode({ opcode: 2, payload: 'b' }));
  scan.receive(encode({ opcode: 1, payload: 'c' }));
  t.same(told, [
    ...['fault continuation-without-start', '0+ stray', '1- a'],
    ...['fault message-not-finished', '2+ b', '1+ c'],
  ]);
  t.end();
});

t.test('nothing is told while it is paused, or after it was stopped', (t) => {
  const told: Told = [];
  const scan = scanner(told);
  scan.pause();
  scan.receive(encode({ opcode: 1, payload: 'a' }));
  t.same(told, []);
  scan.resume();
  t.same(told, ['1+ a']);
  scan.stop();
  scan.receive(encode({ opcode: 1, payload: 'b' }));
  scan.resume();
  t.same(told, ['1+ a']);
  t.end();
});
