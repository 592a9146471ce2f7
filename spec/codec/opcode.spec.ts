import { isControlOpcode, isDefinedOpcode, OPCODE } from 'barewire/codec';
import t from 'tap';

t.test('defines six opcodes and no others [6455-5.2-6]', (t) => {
  const defined = Array.from({ length: 16 }, (_, opcode) => opcode).filter(isDefinedOpcode);
  t.same(defined, [0, 1, 2, 8, 9, 10]);
  t.same(
    Object.values(OPCODE).toSorted((a, b) => a - b),
    defined,
  );
  t.end();
});

t.test('takes the top bit for the mark of control frames [6455-5.5-3 6455-5.6-1]', (t) => {
  for (let opcode = 0; opcode < 16; opcode += 1) {
    t.equal(isControlOpcode(opcode), (opcode & 0b1000) !== 0, String(opcode));
  }
  t.end();
});
