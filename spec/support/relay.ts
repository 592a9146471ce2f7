/** A relay that looks at the bytes of a TLS connection, and what it sees there. */
import { connect, createServer } from 'node:net';
import type { Test } from 'tap';
import { listen } from './sockets.ts';

/** One connection that was relayed. */
export interface Relayed {
  readonly fromServer: Buffer[];
  readonly fromClient: Buffer[];
  /** The server has ended its side. */
  isOver: boolean;
}

/** Relays connections to a port of this machine until the spec ends. */
export async function relay(
  t: Test,
  target: number,
): Promise<{ readonly port: number; readonly connections: readonly Relayed[] }> {
  const connections: Relayed[] = [];
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const relayed: Relayed = { fromServer: [], fromClient: [], isOver: false };
    connections.push(relayed);
    const far = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    for (const socket of [near, far]) socket.on('error', () => {});
    far.on('data', (bytes) => relayed.fromServer.push(bytes));
    near.on('data', (bytes) => relayed.fromClient.push(bytes));
    far.on('end', () => {
      relayed.isOver = true;
    });
    near.pipe(far);
    far.pipe(near);
    t.teardown(() => {
      near.destroy();
      far.destroy();
    });
  });
  const port = await listen(server);
  t.teardown(() => server.close());
  return { port, connections };
}

/** The content types of TLS records, in order: 20 – 23 [RFC 5246 §6.2.1]. */
export function recordTypes(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3))
    types.push(bytes[at]!);
  return types;
}
