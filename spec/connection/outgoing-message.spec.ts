import { OPCODE } from 'barewire/codec';
import { OutgoingMessage } from 'barewire/connection';
import t from 'tap';

function rig(type?: 'text' | 'binary'): {
  message: OutgoingMessage;
  sender: { isStopped: boolean; pumps: number };
} {
  const sender = {
    isStopped: false,
    pumps: 0,
    pumpAndFlush() {
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
  t.strictSame(message.pieces, [
    ['a', false],
    ['', true],
  ]);
  t.equal(sender.pumps, 2);
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
