/** The law of fragments: wherever a message is cut, it is the same message [RFC 6455 §5.4, §6.2]. */
import { encodeFrame, OPCODE } from 'barewire/codec';
import t from 'tap';
import { Pair } from '../support/connection-pair.ts';
import { fc } from '../support/fast-check.ts';
import { cutAt } from '../support/feeding.ts';
import { runs } from '../support/laws.ts';

t.test(
  'law: fragments of any size, in order, are one message of the first one’s type ' +
    '[6455-5.4-1 6455-5.4-4 6455-5.4-7 6455-5.4-12 6455-5.4-17 6455-6.2-1 6455-6.2-3 6455-6.2-5 6455-6.2-9]',
  (t) => {
    const cuts = fc.array(fc.nat(300), { maxLength: 8 });
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        cuts,
        cuts,
        (text, isText, at, wire) => {
          const parts = cutAt(Buffer.from(text), at);
          const frames = parts.map((part, index) =>
            encodeFrame({
              opcode: index > 0 ? OPCODE.continuation : isText ? OPCODE.text : OPCODE.binary,
              payload: part,
              fin: index === parts.length - 1,
              maskingKey: 0x37fa213d,
            }),
          );
          const { server } = new Pair();
          for (const chunk of cutAt(Buffer.concat(frames), wire)) server.connection.receive(chunk);
          const whole = isText ? text : Buffer.from(text).toString('hex');
          return JSON.stringify(server.seen) === JSON.stringify([['message', whole]]);
        },
      ),
      runs(100),
    );
    t.pass('no counterexample');
    t.end();
  },
);
