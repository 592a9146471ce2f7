import { UsageError } from 'barewire/base';
import type { PeerSettings, WebSocketHandler, WebSocketOptions } from 'barewire/peer';
import { DuplexTransport, WebSocketPeer } from 'barewire/peer';
import t from 'tap';
import { checkHandler, checkReader, connectionOptions } from '../../lib/peer/peer-options.ts';
import { joinPeers } from '../support/joined-peers.ts';
import { duplexPair } from '../support/sockets.ts';

t.test('a handler is called with the peer, open first and close last', async (t) => {
  const { client, server } = await joinPeers(t);
  const calls: string[] = [];
  const log =
    (name: string) =>
    (peer: WebSocketPeer, ...rest: unknown[]): void => {
      t.equal(peer, server, name);
      calls.push([name, ...rest.map((value) => typeof value)].join(' '));
    };
  const handler: Required<WebSocketHandler> = {
    open: log('open'),
    message: log('message'),
    stream: log('stream'),
    drain: log('drain'),
    ping: log('ping'),
    pong: log('pong'),
    close: log('close'),
  };
  server.attach(handler);
  client.attach({});
  await client.ping();
  await server.ping();
  client.send('x');
  await client.close(1000);
  await server.closed;
  t.strictSame(calls, [
    'open',
    'ping object',
    'pong object number',
    'message string',
    'close object',
  ]);
});

t.test('what the handshake settled shows on the peer', (t) => {
  const settings: PeerSettings = {
    role: 'server',
    protocol: 'chat',
    extensions: 'permessage-deflate',
    data: { user: 7 },
  };
  const peer = new WebSocketPeer(new DuplexTransport(duplexPair()[0]), settings);
  t.match(peer, { protocol: 'chat', extensions: 'permessage-deflate', data: { user: 7 } });
  peer.terminate();
  t.end();
});

t.test('options out of range are refused, and nothing is begun', (t) => {
  const bad: readonly WebSocketOptions[] = [
    { slowConsumer: 'ignore' as never },
    { maxBufferedBytes: -1 },
    { delivery: 'all' as never },
    { maxMessageBytes: Number.NaN },
    { pingIntervalMs: '5' as never },
  ];
  for (const options of bad) {
    const [stream] = duplexPair();
    const transport = new DuplexTransport(stream);
    t.throws(() => new WebSocketPeer(transport, { role: 'server' }, options), UsageError);
    t.equal(stream.listenerCount('data'), 0, JSON.stringify(options));
  }
  t.end();
});

t.test('a handler of whole messages is refused where messages come in pieces', (t) => {
  const [message, stream] = [(): void => {}, (): void => {}];
  for (const [handler, delivery, isRefused] of [
    [{ message }, undefined, false],
    [{ message }, 'message', false],
    [{ message }, 'pieces', true],
    [{ message, stream }, 'pieces', false],
    [{ stream }, 'pieces', false],
    [{ stream }, 'message', false],
    [{}, 'pieces', false],
  ] as const) {
    const check = (): void => checkHandler(handler, delivery);
    const title = `${Object.keys(handler)} with ${delivery}`;
    if (isRefused) t.throws(check, { code: 'invalid-argument' }, title);
    else t.doesNotThrow(check, title);
  }
  t.end();
});

t.test('what is no handler is refused, and has not begun to read', async (t) => {
  const { client } = await joinPeers(t);
  const none: readonly unknown[] = [null, undefined, 5, 'x', () => {}, [() => {}]];
  for (const bad of [...none, { foo() {} }, { message: 5 }, { close: null }, { mesage() {} }]) {
    t.throws(() => client.attach(bad as WebSocketHandler), { code: 'invalid-argument' });
  }
  client.attach({ message() {}, origins: '*' } as WebSocketHandler);
  t.throws(() => client.attach({}), { code: 'already-reading' });
});

t.test('names that are never called are refused of literals, not of what inherits its own', (t) => {
  const literal = (names: object): WebSocketHandler => Object.assign(Object.create(null), names);
  class Room implements WebSocketHandler {
    readonly members = 3;
    message(): void {}
  }
  for (const handler of [new Room(), literal({}), literal({ message() {}, members: 3 })]) {
    t.doesNotThrow(() => checkReader(handler, 'message'));
  }
  for (const names of [{ mesage() {} }, { members: 3 }] as readonly object[]) {
    const refused = { code: 'invalid-argument', message: /knows no (mesage|members)/ };
    t.throws(() => checkReader({ ...names }, 'message'), refused);
    t.throws(() => checkReader(literal(names), 'message'), refused);
  }
  t.end();
});

t.test('every option of a connection reaches it, and none that is left out', (t) => {
  const options: WebSocketOptions = {
    ...{ delivery: 'pieces', compressThresholdBytes: 1, maxFrameBytes: 2, maxMessageBytes: 3 },
    ...{ maxFragments: 4, messageTimeoutMs: 5, inflateTimeoutMs: 6, endTimeoutMs: 7 },
    ...{ closeTimeoutMs: 8, pingIntervalMs: 9, pongTimeoutMs: 10, idleTimeoutMs: 11 },
    ...{ maxPingsInFlight: 12, maxCloseMs: 13 },
  };
  const takeMaskingKey = (): number => 1;
  const now = (): number => 2;
  const made = connectionOptions({ role: 'client', takeMaskingKey }, options, true, now);
  const rest = { role: 'client', takeMaskingKey, now, ownsInput: true, deflate: undefined };
  t.strictSame(made, { ...rest, ...options });
  const bare = connectionOptions({ role: 'server' }, {}, false, now);
  const given = Object.entries(bare).filter(([, value]) => value !== undefined);
  t.strictSame(Object.fromEntries(given), { role: 'server', now, ownsInput: false });
  t.strictSame(Object.keys(bare), Object.keys(made), 'one shape for all');
  t.end();
});
