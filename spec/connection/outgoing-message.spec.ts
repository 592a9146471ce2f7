import { ENTRY_OVERHEAD_BYTES } from 'barewire/base';
import { OPCODE } from 'barewire/codec';
import { OutgoingMessage } from 'barewire/connection';
import t from 'tap';
import { End } from '../support/connection-pair.ts';

function rig(type?: 'text' | 'binary'): {
  message: OutgoingMessage;
  sender: { isStopped: boolean; pumps: number };
} {
  const sender = {
    isStopped: false,
    pumps: 0,
    pieceAdded() {
      this.pumps += 1;
    },
    remove: () => true,
  };
  return { sender, message: new OutgoingMessage(sender, type, false) };
}

t.test('keeps pieces until they are taken, and none after its end', (t) => {
  const { message, sender } = rig('text');
  t.equal(message.write('a'), true);
  t.equal(message.end(), true);
  t.equal(message.write('late'), false);
  t.equal(message.end(), false);
  t.equal(sender.pumps, 2);
  t.equal(message.waitingBytes, 1);
  t.strictSame(message.takePiece(), ['a', false, 1]);
  t.equal(message.waitingBytes, 0);
  t.strictSame(message.takePiece(), ['', true, 0]);
  t.equal(message.takePiece(), undefined);
  t.end();
});

t.test('is what its first piece is, when nothing was said', (t) => {
  const text = rig().message;
  text.write('t');
  text.write(Buffer.from('b'));
  t.equal(text.opcode, OPCODE.text);
  const empty = rig().message;
  empty.end();
  t.equal(empty.opcode, OPCODE.binary);
  t.equal(rig('text').message.opcode, OPCODE.text);
  t.end();
});

t.test('takes nothing when the sender has stopped, or it was abandoned', (t) => {
  const { message, sender } = rig();
  sender.isStopped = true;
  t.equal(message.write('x'), false);
  const other = rig().message;
  other.write('x');
  t.equal(other.abandon(), true);
  t.equal(other.write('x'), false);
  t.equal(other.abandon(), true);
  t.end();
});

t.test('counts the bytes that wait, and lets them go', (t) => {
  const { message } = rig();
  message.write(Buffer.alloc(10));
  message.write(Buffer.alloc(7));
  t.equal(message.waitingBytes, 17);
  t.equal(message.dropPieces(), 17);
  t.equal(message.waitingBytes, 0);
  t.equal(message.takePiece(), undefined);
  t.equal(message.dropPieces(), 0);
  t.end();
});

t.test('sends no text that is none, and may still be given up', (t) => {
  const { message, sender } = rig('text');
  message.write(Buffer.from('€').subarray(0, 2));
  t.throws(() => message.end(), { code: 'invalid-argument' });
  t.equal(message.isEnded, false);
  message.write(Buffer.from('€').subarray(2));
  t.throws(() => message.write(Buffer.of(0x80)), { code: 'invalid-argument' });
  t.equal(sender.pumps, 2, 'nothing of a refused piece is sent');
  t.equal(message.abandon(), true);
  const binary = rig('binary').message;
  t.equal(binary.end(Buffer.of(0xff)), true);
  t.end();
});

t.test('tells one that is complete from one that is given up, begun or not', (t) => {
  for (const hasStarted of [false, true]) {
    const { message } = rig();
    message.hasStarted = hasStarted;
    t.equal(message.isComplete, false);
    message.end('whole');
    t.equal(message.isComplete, true);
    t.equal(message.abandon(), !hasStarted, 'what has begun goes its way');
    t.equal(message.isComplete, hasStarted);
  }
  t.end();
});

t.test('refuses a type that messages do not have, opcodes of other frames among them', (t) => {
  for (const type of ['bogus', 'ping', 'close', 'continuation', '', null, 1]) {
    t.throws(() => rig(type as 'text'), { code: 'invalid-argument' }, String(type));
    const { connection } = new End({ nowMs: 0 }, { role: 'server' });
    t.throws(() => connection.startMessage(type as 'text'), { code: 'invalid-argument' });
    for (const data of ['x', Buffer.from('x')]) {
      t.throws(() => connection.send(data, { type: type as 'text' }), { code: 'invalid-argument' });
    }
    t.match(connection, { pendingBytes: 0, counters: { messagesSent: 0 } });
  }
  t.end();
});

t.test('tells how much waits, in pieces and in memory, and when it has begun', (t) => {
  const { message } = rig('text');
  t.match(message, { waitingPieces: 0, heldBytes: 0, hasStarted: false });
  message.write('\u00fc');
  message.write('');
  t.match(message, { waitingPieces: 2, waitingBytes: 2 });
  t.equal(message.heldBytes, 2 + 2 * ENTRY_OVERHEAD_BYTES, 'an empty piece is held, too');
  message.takePiece();
  t.match(message, { waitingPieces: 1, heldBytes: ENTRY_OVERHEAD_BYTES });
  let begun = 0;
  message.onStart = () => {
    begun += 1;
    t.equal(message.hasStarted, true, 'it cannot be taken back any more');
  };
  message.start();
  t.equal(begun, 1);
  message.dropPieces();
  t.match(message, { waitingPieces: 0, heldBytes: 0 });
  t.end();
});
