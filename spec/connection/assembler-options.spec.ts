import { encodeFrame, FrameReader, OPCODE } from 'barewire/codec';
import { type AssemblerSink, MessageAssembler, type MessageInflater } from 'barewire/connection';
import { MessageCodec } from 'barewire/deflate';
import t from 'tap';
import { DEFAULTS } from '../support/deflate-jobs.ts';

t.test('the codec of permessage-deflate is an inflater as an assembler wants one', (t) => {
  const codec = new MessageCodec('server', DEFAULTS, { zlib: 'handle' });
  const inflater: MessageInflater = codec;
  const seen: unknown[] = [];
  const note = (...what: unknown[]): void => void seen.push(what);
  const sink: AssemblerSink = {
    message: (data) => note('message', data),
    messageStart: (isText) => note('start', isText),
    messagePiece: (piece) => note('piece', piece),
    messageEnd: () => note('end'),
    control: (opcode) => note('control', opcode),
    failed: (error) => note('failed', error.code),
    inflating: () => note('inflating'),
    pauseFrames: () => note('pause'),
    jobDone: (deliver) => deliver(),
    whenWanted: (deliver) => deliver(),
  };
  const assembler = new MessageAssembler(sink, { inflater });
  const reader = new FrameReader(assembler, { role: 'client', allowRsv1: true });
  const payload = Buffer.from('f248cdc9c90700', 'hex');
  reader.receive(encodeFrame({ opcode: OPCODE.text, rsv: 4, payload }));
  reader.receive(encodeFrame({ opcode: OPCODE.ping, payload: '' }));
  reader.receive(encodeFrame({ opcode: OPCODE.binary, rsv: 4, payload: Buffer.of(7) }));
  t.same(seen, [
    ['message', 'Hello'],
    ['control', OPCODE.ping],
    ['failed', 'deflate-data-invalid'],
  ]);
  t.end();
});
