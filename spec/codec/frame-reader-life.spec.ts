import { ProtocolError } from 'barewire/base';
import { FrameReader, type FrameReaderOptions, type FrameSink } from 'barewire/codec';
import t from 'tap';
import { FrameLog } from '../support/frame-log.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const CLIENT: FrameReaderOptions = { role: 'client' };
const STREAM = bytes('81 02 6162 82 02 6364');
const CALLS = ['frame', 'payload', 'frameEnd'] as const;

/** A log that also does something in one kind of call. */
function logThat(act: (call: (typeof CALLS)[number]) => void): FrameLog & FrameSink {
  const log = new FrameLog();
  const { frame, payload, frameEnd } = log;
  log.frame = (header) => {
    frame.call(log, header);
    act('frame');
  };
  log.payload = (...piece) => {
    payload.apply(log, piece);
    act('payload');
  };
  log.frameEnd = () => {
    frameEnd.call(log);
    act('frameEnd');
  };
  return log;
}

for (const acting of CALLS) {
  t.test(`delivers nothing after a pause in ${acting} until it is resumed`, (t) => {
    let pauses = 0;
    const log = logThat((call) => {
      if (call !== acting) return;
      pauses += 1;
      reader.pause();
    });
    const reader = new FrameReader(log, CLIENT);
    reader.receive(STREAM);
    t.equal(pauses, 1);
    t.equal(log.frames.length, 1);
    t.equal(reader.state, 'paused');
    reader.receive(bytes('89 01 65'));
    t.equal(log.frames.length, 1);
    for (let turn = 0; turn < 5; turn += 1) reader.resume();
    t.same(
      log.frames.map((frame) => frame.payload),
      ['6162', '6364', '65'],
    );
    t.equal(log.misuse, undefined);
    t.equal(reader.waitingBytes, 0);
    t.end();
  });

  t.test(`goes on at once when ${acting} pauses and resumes`, (t) => {
    const log = logThat((call) => {
      if (call !== acting) return;
      reader.pause();
      reader.resume();
    });
    const reader = new FrameReader(log, CLIENT);
    reader.receive(STREAM);
    t.equal(log.frames.length, 2);
    t.equal(log.misuse, undefined);
    t.end();
  });

  t.test(`is inert when ${acting} stops it`, (t) => {
    let calls = 0;
    const log = logThat((call) => {
      calls += 1;
      if (call === acting) reader.stop();
    });
    const reader = new FrameReader(log, CLIENT);
    reader.receive(STREAM);
    const before = calls;
    reader.receive(STREAM);
    reader.resume();
    t.equal(calls, before);
    t.equal(log.frames.length, 1);
    t.equal(reader.state, 'stopped');
    t.equal(reader.waitingBytes, 0);
    t.end();
  });

  t.test(`reports what ${acting} finds wrong with the peer like its own finding`, (t) => {
    const log = logThat((call) => {
      if (call === acting) throw new ProtocolError('text-not-utf8');
    });
    const reader = new FrameReader(log, CLIENT);
    reader.receive(STREAM);
    reader.receive(STREAM);
    t.same(log.failures, ['text-not-utf8']);
    t.equal(log.frames.length, 1);
    t.equal(reader.state, 'failed');
    t.end();
  });

  t.test(`passes on what else ${acting} throws, and stops`, (t) => {
    const log = logThat((call) => {
      if (call === acting) throw new TypeError('a bug of the caller');
    });
    const reader = new FrameReader(log, CLIENT);
    t.throws(() => reader.receive(STREAM), TypeError);
    t.equal(reader.state, 'stopped');
    reader.receive(STREAM);
    t.equal(log.frames.length, 1);
    t.same(log.failures, []);
    t.end();
  });

  t.test(`takes bytes from inside ${acting}, after those it is reading`, (t) => {
    let more = 3;
    const log = logThat((call) => {
      if (call !== acting || more === 0) return;
      more -= 1;
      reader.receive(bytes(`8a 01 0${more}`));
    });
    const reader = new FrameReader(log, CLIENT);
    reader.receive(STREAM);
    t.same(
      log.frames.map((frame) => frame.payload),
      ['6162', '6364', '02', '01', '00'],
    );
    t.equal(log.misuse, undefined);
    t.end();
  });
}

t.test('takes a single byte from inside a callback, and does not leave it waiting', (t) => {
  const log = logThat((call) => {
    if (call === 'frameEnd') reader.receive(Buffer.of(0xf0));
  });
  const reader = new FrameReader(log, CLIENT);
  reader.receive(bytes('82 00'));
  t.equal(reader.waitingBytes, 0, 'one byte is read at once like any number of them');
  t.equal(reader.isInsideFrame, true);
  t.end();
});

t.test('says nothing after it was stopped, not even what went wrong', (t) => {
  const log = logThat(() => {
    reader.stop();
    throw new ProtocolError('text-not-utf8');
  });
  const reader = new FrameReader(log, CLIENT);
  reader.receive(STREAM);
  t.same(log.failures, []);
  t.end();
});

t.test('keeps a copy of what waits: the memory is the caller’s again', (t) => {
  const log = new FrameLog();
  const reader = new FrameReader(log, CLIENT);
  reader.pause();
  const shared = Buffer.from(STREAM);
  reader.receive(shared);
  shared.fill(0xff);
  t.equal(reader.waitingBytes, STREAM.length);
  reader.resume();
  t.equal(log.frames.length, 2);
  t.same(log.failures, []);
  t.end();
});

t.test('reads plain arrays of bytes like Buffers, and nothing from nothing', (t) => {
  const log = new FrameLog();
  const reader = new FrameReader(log, CLIENT);
  reader.receive(new Uint8Array(STREAM));
  reader.receive(Buffer.alloc(0));
  reader.receive(new Uint8Array(0));
  t.equal(log.frames.length, 2);
  t.end();
});

t.test('writes only to memory that it was allowed to write to', (t) => {
  for (const length of [3, 20, 100, 400, 5000, 200_000]) {
    const size = length < 126 ? (0x80 | length).toString(16) : length < 65_536 ? 'fe' : 'ff';
    const extended =
      length < 126 ? '' : length.toString(16).padStart(length < 65_536 ? 4 : 16, '0');
    const chunk = Buffer.concat([bytes(`82 ${size} ${extended} aabbccdd`), Buffer.alloc(length)]);
    const before = Buffer.from(chunk);
    new FrameReader(new FrameLog(), { role: 'server' }).receive(chunk);
    t.ok(chunk.equals(before), `${length} bytes`);
  }
  t.end();
});
