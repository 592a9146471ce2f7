/** The clients of soaks see whatever comes that nobody asked for. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { encodeFrame, OPCODE } from 'barewire/codec';
import t, { type Test } from 'tap';
import { refuseSurplus } from '../../bench/process/raw-client.ts';
import { switchingProtocols } from '../../bench/process/servers/ready.ts';
import { disperse, frameLength, gather, roundTrip } from '../../bench/soak/crowd.ts';

const ASKED = encodeFrame({ opcode: OPCODE.text, payload: 'hello', maskingKey: 1 });
const ANSWER = encodeFrame({ opcode: OPCODE.text, payload: 'hello' });
const GOODBYE = Buffer.from('880203e8', 'hex');

/** A server that answers as it should; its sockets are told, so that more can be written. */
async function serve(t: Test): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    let isOpen = false;
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (read) => {
      if (!isOpen) socket.write(switchingProtocols(read.toString('latin1')));
      else if (read[0] === 0x88) socket.end(GOODBYE);
      else socket.write(ANSWER);
      isOpen = true;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

t.test('a crowd that gets what it asks for has no surplus', async (t) => {
  const { port } = await serve(t);
  const crowd = await gather(port, 3);
  for (const client of crowd.clients) {
    t.same(await roundTrip(client, ASKED, frameLength), ANSWER);
    t.same(await roundTrip(client, ASKED, frameLength), ANSWER);
  }
  await refuseSurplus(crowd.clients);
  t.equal(await disperse(crowd), 3);
  t.equal(crowd.lost, 0);
});

t.test('a message that comes between two laps is one too many', async (t) => {
  const { port, sockets } = await serve(t);
  const crowd = await gather(port, 3);
  await roundTrip(crowd.clients[1]!, ASKED, frameLength);
  for (const socket of sockets) socket.write(ANSWER);
  await t.rejects(refuseSurplus(crowd.clients), {
    message: 'more came than was sent, at 3 connections',
  });
  const next = roundTrip(crowd.clients[1]!, ASKED, frameLength);
  await t.rejects(next, { message: 'more came than was sent' });
  await t.rejects(disperse(crowd), { message: 'more came than was sent' });
});

t.test('a message that comes after the handshake, or late, is one too many', async (t) => {
  const { port, sockets } = await serve(t);
  const crowd = await gather(port, 1);
  const late = refuseSurplus(crowd.clients);
  setTimeout(() => sockets[0]!.write('!'), 5);
  await t.rejects(late, { message: 'more came than was sent, at 1 connections' });
});
