import type { Connection, ConnectionSink } from 'barewire/connection';
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
  const above = { queueMoved: () => told.push('moved') } as unknown as ConnectionSink;
  const intake = new TransportIntake(connection, above);
  const error = new Error('reset');
  intake.data(Buffer.from('x'));
  intake.drain();
  intake.end();
  intake.closed(error);
  t.strictSame(told, [Buffer.from('x'), 'drained', 'moved', 'end', error]);
  t.end();
});
