import { createServer, type Exchange, type Server, type ServerOptions } from 'barewire';
import type { Test } from 'tap';
import { FakeTime } from './fake-time.ts';
import { eventually, RawClient } from './sockets.ts';

/** A server that a spec talks to, and everything it needs for that. */
export interface Served {
  readonly server: Server;
  readonly port: number;
  readonly url: string;
  /** The server's clock. */
  readonly time: FakeTime;
  /** What handlers threw. */
  readonly errors: unknown[];
  /** Opens a connection, closed when the spec ends. */
  connect(): RawClient;
}

/** Serves on a free port, with a clock that stands still, until the spec ends. */
export async function serve(
  t: Test,
  options: ServerOptions | ((exchange: Exchange) => unknown),
): Promise<Served> {
  const time = new FakeTime();
  const errors: unknown[] = [];
  const given = typeof options === 'function' ? { request: options } : options;
  const server = createServer({ time, error: (error) => errors.push(error), ...given });
  const { port } = await server.listen(0, '127.0.0.1');
  const clients: RawClient[] = [];
  t.teardown(async () => {
    for (const client of clients) client.close();
    const closed = server.close({ deadlineMs: 0 });
    time.advance(1_000);
    await closed;
  });
  const connect = (): RawClient => {
    const client = new RawClient(port);
    clients.push(client);
    return client;
  };
  return { server, port, url: `http://127.0.0.1:${port}`, time, errors, connect };
}

/** A request whose client is gone before it is answered. */
export async function askedAndGone(t: Test): Promise<Served & { exchange: Exchange }> {
  let exchange: Exchange | undefined;
  const served = await serve(t, (asked) => {
    exchange = asked;
  });
  const client = served.connect().send(get('/'));
  await eventually(() => exchange !== undefined);
  client.socket.resetAndDestroy();
  await eventually(() => served.server.stats().openConnections === 0);
  return { ...served, exchange: exchange! };
}

/** A request's bytes. */
export function get(path: string, ...fields: readonly string[]): string {
  return `${[`GET ${path} HTTP/1.1`, 'host: a', ...fields].join('\r\n')}\r\n\r\n`;
}

/** A request's bytes, with a body of known length. */
export function post(path: string, body: string, ...fields: readonly string[]): string {
  const lines = [`POST ${path} HTTP/1.1`, 'host: a', `content-length: ${body.length}`, ...fields];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** One response, cut into its parts the simple way. */
export interface ReadResponse {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
  /** What follows it. */
  readonly rest: string;
}

/** Reads the first response of a text, literally: length, chunks, or everything. */
export function readResponse(wire: string, hasNoBody = false): ReadResponse {
  const end = wire.indexOf('\r\n\r\n');
  const [line = '', ...lines] = wire.slice(0, end).split('\r\n');
  const fields = Object.fromEntries(
    lines.map((text) => {
      const colon = text.indexOf(':');
      return [text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trim()];
    }),
  );
  const status = Number(line.split(' ')[1]);
  const after = wire.slice(end + 4);
  if (hasNoBody || status === 204 || status === 304 || status < 200) {
    return { status, fields, body: '', rest: after };
  }
  if (fields['transfer-encoding'] === 'chunked') return { status, fields, ...readChunks(after) };
  const length = Number(fields['content-length'] ?? after.length);
  return { status, fields, body: after.slice(0, length), rest: after.slice(length) };
}

function readChunks(wire: string): { body: string; rest: string } {
  let body = '';
  let rest = wire;
  for (;;) {
    const line = rest.indexOf('\r\n');
    const length = Number.parseInt(rest.slice(0, line), 16);
    if (!(length >= 0)) throw new Error(`no chunk: ${JSON.stringify(rest.slice(0, 40))}`);
    body += rest.slice(line + 2, line + 2 + length);
    rest = rest.slice(line + 2 + length);
    if (length === 0) return { body, rest: rest.slice(rest.indexOf('\r\n\r\n') === 0 ? 4 : 2) };
    rest = rest.slice(2);
  }
}

/** Reads all responses of a text. */
export function readResponses(wire: string): ReadResponse[] {
  const found: ReadResponse[] = [];
  for (let rest = wire; rest !== ''; rest = found.at(-1)!.rest) found.push(readResponse(rest));
  return found;
}
