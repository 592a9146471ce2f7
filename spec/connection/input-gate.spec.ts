import { encodeFrame, FrameReader, OPCODE } from 'barewire/codec';
import { InputGate } from 'barewire/connection';
import t from 'tap';

function rig(): { gate: InputGate; reader: FrameReader; log: string[] } {
  const log: string[] = [];
  const sink = {
    frame: () => log.push('frame'),
    payload: () => {},
    frameEnd: () => {},
    failed: () => log.push('failed'),
  };
  const reader = new FrameReader(sink, { role: 'client' });
  const gate = new InputGate(reader, {
    wantsInput: (isWanted) => log.push(isWanted ? 'wanted' : 'unwanted'),
  });
  return { gate, reader, log };
}

const frame = encodeFrame({ opcode: OPCODE.text, payload: 'x' });

t.test('opens when the last reason is gone, and delivers what waited', (t) => {
  const { gate, reader, log } = rig();
  gate.setOwnerPause(true);
  gate.pauseForJob();
  reader.receive(frame);
  gate.setOwnerPause(false);
  t.equal(gate.open(), false);
  gate.jobDone(() => log.push('result'));
  t.equal(gate.isShut, true);
  t.equal(gate.open(), true);
  t.strictSame(log, ['unwanted', 'result', 'frame']);
  t.equal(gate.open(), true);
  t.end();
});

t.test('keeps the result of a job until the owner wants to go on', (t) => {
  const { gate, reader, log } = rig();
  gate.pauseForJob();
  reader.receive(frame);
  gate.setOwnerPause(true);
  gate.jobDone(() => {
    log.push('result');
    gate.setOwnerPause(true);
  });
  t.equal(gate.open(), false);
  gate.setOwnerPause(false);
  t.equal(gate.open(), false);
  t.strictSame(log, ['unwanted', 'result']);
  gate.setOwnerPause(false);
  t.equal(gate.open(), true);
  t.strictSame(log, ['unwanted', 'result', 'frame']);
  t.end();
});

t.test('stops for good, and lets the transport flow to its end', (t) => {
  const { gate, reader, log } = rig();
  gate.setOwnerPause(true);
  reader.receive(frame);
  gate.stop();
  gate.setOwnerPause(true);
  reader.receive(frame);
  t.equal(gate.open(), true);
  t.strictSame(log, ['unwanted', 'wanted']);
  t.end();
});

t.test('goes on against the owner once it is overruled, and not before it is opened', (t) => {
  const { gate, reader, log } = rig();
  gate.setOwnerPause(true);
  reader.receive(frame);
  t.equal(gate.isHeldByOwner, true);
  gate.overruleOwner();
  t.equal(gate.isPausedByOwner, true, 'what the owner wants is still known');
  t.equal(gate.isHeldByOwner, false);
  t.strictSame(log, ['unwanted']);
  t.equal(gate.open(), true);
  gate.setOwnerPause(false);
  gate.setOwnerPause(true);
  t.equal(gate.isShut, false, 'later pauses hold up nothing');
  reader.receive(frame);
  t.strictSame(log, ['unwanted', 'frame', 'frame']);
  gate.pauseForJob();
  t.equal(gate.open(), false, 'a job still does');
  t.end();
});

t.test('delivers nothing more when the result of a job ends it all', (t) => {
  const { gate, reader, log } = rig();
  gate.pauseForJob();
  reader.receive(frame);
  gate.jobDone(() => {
    log.push('result');
    gate.stop();
  });
  t.equal(gate.open(), true);
  t.strictSame(log, ['unwanted', 'result', 'wanted']);
  t.end();
});

t.test('waits for the next job when the result of one begins another', (t) => {
  const { gate, reader, log } = rig();
  gate.pauseForJob();
  reader.receive(frame);
  gate.jobDone(() => gate.pauseForJob());
  t.equal(gate.open(), false);
  gate.jobDone(() => log.push('second'));
  t.equal(gate.open(), true);
  t.strictSame(log, ['unwanted', 'second', 'frame']);
  t.end();
});

t.test('asks a transport that flows for nothing when it stops', (t) => {
  const { gate, reader, log } = rig();
  gate.stop();
  reader.receive(frame);
  gate.pauseForJob();
  t.equal(gate.isShut, false);
  t.strictSame(log, []);
  t.end();
});
