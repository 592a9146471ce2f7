/** Two peers joined by real sockets on the loopback; the opening handshake is left out. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { type DeflateParameters, MessageCodec } from 'barewire/deflate';
import { DuplexTransport, type WebSocketOptions, WebSocketPeer } from 'barewire/peer';
import type { Test } from 'tap';
import { CERTIFICATE, PRIVATE_KEY } from './certificate.ts';

/** What lies below the peers. */
export interface Joint {
  readonly tls?: boolean;
  readonly deflate?: boolean;
  readonly client?: WebSocketOptions;
  readonly server?: WebSocketOptions;
}

const PARAMETERS: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

/** Joins a client and a server until the test ends. */
export async function joinPeers(
  t: Test,
  { tls = false, deflate = false, client, server }: Joint = {},
): Promise<{ client: WebSocketPeer; server: WebSocketPeer; sockets: readonly Socket[] }> {
  const listener = tls
    ? createTlsServer({ cert: CERTIFICATE, key: PRIVATE_KEY, allowHalfOpen: true })
    : createServer({ allowHalfOpen: true });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const place = { port: (listener.address() as AddressInfo).port, host: '127.0.0.1' };
  const accepted = once(listener, tls ? 'secureConnection' : 'connection');
  const near = tls ? connectTls({ ...place, ca: CERTIFICATE }) : connect(place);
  await once(near, tls ? 'secureConnect' : 'connect');
  const [far] = (await accepted) as [Socket];
  t.teardown(() => {
    near.destroy();
    far.destroy();
    listener.close();
  });
  const codec = (role: 'client' | 'server') =>
    deflate ? { deflate: new MessageCodec(role, PARAMETERS), windowBits: 15 } : {};
  const takeMaskingKey = (): number => randomBytes(4).readUInt32BE();
  return {
    client: new WebSocketPeer(
      new DuplexTransport(near),
      { role: 'client', takeMaskingKey, ...codec('client') },
      client,
    ),
    server: new WebSocketPeer(
      new DuplexTransport(far),
      { role: 'server', ...codec('server') },
      server,
    ),
    sockets: [near, far],
  };
}
