import type { Connection } from 'barewire/connection';
import type { Transport } from 'barewire/peer';
import t from 'tap';
import { TransportIntake } from '../../lib/peer/transport-intake.ts';

t.test('tells the connection what the transport tells, and that there may be room', (t) => {
  const told: unknown[] = [];
  const connection = {
    receive: (bytes: Buffer) => told.push(bytes),
    receiveEnd: () => told.push('end'),
    drained: () => told.push('drained'),
    transportClosed: (error: unknown) => told.push(error),
  } as unknown as Connection;
  const queueMoved = (): void => void told.push('moved');
  const intake = new TransportIntake({ connection, transport: {} as Transport, queueMoved });
  const error = new Error('reset');
  intake.data(Buffer.from('x'));
  intake.drain();
  intake.end();
  intake.closed(error);
  t.strictSame(told, [Buffer.from('x'), 'drained', 'moved', 'end', error]);
  t.end();
});

t.test('pauses the transport with what comes unwanted, and for no other pause', (t) => {
  const told: string[] = [];
  const connection = {
    receive: (bytes: Buffer) => {
      told.push(bytes.toString());
      if (bytes.toString() === 'stop') intake.wantsInput(false);
    },
  } as unknown as Connection;
  const transport = {
    pause: () => told.push('pause'),
    resume: () => told.push('resume'),
  } as unknown as Transport;
  const intake = new TransportIntake({ connection, transport, queueMoved() {} });
  const expect = (...expected: string[]): void => {
    t.strictSame(told.splice(0), expected);
  };
  intake.wantsInput(false);
  expect();
  intake.wantsInput(true);
  expect('resume');
  intake.wantsInput(false);
  intake.wantsInput(true);
  expect();
  intake.data(Buffer.from('a'));
  expect('a');
  intake.data(Buffer.from('stop'));
  expect('stop', 'pause');
  // A transport may bring what it has read already.
  intake.data(Buffer.from('b'));
  intake.wantsInput(false);
  expect('b');
  intake.wantsInput(true);
  intake.wantsInput(true);
  expect('resume');
  intake.wantsInput(false);
  intake.data(Buffer.from('c'));
  expect('c', 'pause');
  t.end();
});
