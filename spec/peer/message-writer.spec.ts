import { UsageError } from 'barewire/base';
import { MessageWriter } from 'barewire/peer';
import t from 'tap';
import { Pair } from '../support/connection-pair.ts';

t.test('waits for room after each piece, and says when the connection is gone', async (t) => {
  const pair = new Pair();
  let waits = 0;
  const writer = new MessageWriter(pair.client.connection.startMessage('text'), () => {
    waits += 1;
    return Promise.resolve();
  });
  t.equal(await writer.write('a'), true);
  t.equal(await writer.write(Buffer.from('b')), true);
  t.equal(await writer.end('c'), true);
  t.equal(waits, 3);
  t.equal(await writer.write('late'), false);
  t.equal(await writer.end(), false);
  pair.settle();
  t.strictSame(pair.server.seen, [['message', 'abc']]);
});

t.test('refuses pieces that are no message data', async (t) => {
  const pair = new Pair();
  const writer = new MessageWriter(pair.client.connection.startMessage('text'), () => undefined);
  await t.rejects(writer.write(5 as unknown as string), UsageError);
  t.equal(writer.abandon(), true);
});
