/** Clients of event streams: sockets that ask once and then only take. */
import { connectRaw, openMany, type RawClient, readHead } from './raw-client.ts';

/** An event stream as the client sees it. */
export interface EventStream extends RawClient {
  /** The head has announced chunks. */
  readonly isChunked: boolean;
}

/** Opens many streams. */
export function openStreams(port: number, count: number): Promise<EventStream[]> {
  return openMany(count, () => openStream(port));
}

/** Sends one request and resolves when an event stream has begun. */
async function openStream(port: number): Promise<EventStream> {
  const client = connectRaw(port);
  client.socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
  const { head } = await readHead(client);
  const isStream = /^content-type: *text\/event-stream/im.test(head);
  if (!head.startsWith('HTTP/1.1 200 ') || !isStream) {
    throw new Error(`no event stream: ${head.slice(0, 80)}`);
  }
  return Object.assign(client, { isChunked: /^transfer-encoding: *chunked\r$/im.test(head) });
}
