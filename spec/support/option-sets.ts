/** Every set of options of the library: the door that takes it, and the options that it knows. */
import { PassThrough } from 'node:stream';
import { createServer } from 'barewire';
import { acceptDuplex } from 'barewire/adapters';
import {
  connectOverHttp2,
  connectWebSocket,
  EventSource,
  WebSocket,
  type WebSocketClientOptions,
} from 'barewire/client';
import { buildOffer, MessageCodec } from 'barewire/deflate';
import { resolveHttpLimits } from 'barewire/http';
import { broadcast, DuplexTransport, WebSocketPeer } from 'barewire/peer';
import { EventStreamReader, ReplayLog } from 'barewire/sse';
import { makePlan } from '../../lib/client/plan.ts';
import { resolveProxy } from '../../lib/client/proxy.ts';
import { checkEventStream } from '../../lib/server/event-stream-settings.ts';

/** A set of options, or nearly one. */
export type Bag = Record<string, unknown>;

const URL = 'ws://127.0.0.1:1/';
const PARAMETERS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
const PEER = [
  ...['delivery', 'compressThresholdBytes', 'maxFrameBytes', 'maxMessageBytes', 'maxFragments'],
  ...['messageTimeoutMs', 'closeTimeoutMs', 'pingIntervalMs', 'pongTimeoutMs', 'idleTimeoutMs'],
  ...['slowConsumer', 'maxBufferedBytes', 'handlerFailed', 'codec', 'inflateTimeoutMs'],
  ...['endTimeoutMs', 'maxPingsInFlight', 'maxCloseMs'],
];
const POLICY = ['origins', 'hosts', 'isSecure', 'deflate', 'maxExtensionOffers', 'protocols'];
const HANDLERS = ['open', 'message', 'stream', 'drain', 'ping', 'pong', 'close', 'accept'];
const DIAL = ['tls', 'socketPath', 'proxy', 'createConnection', 'lookup', 'localAddress'];
const ASKING = ['headers', 'handshakeTimeoutMs', 'signal'];
const CONNECT = ['origin', 'deflate', 'ticker', ...PEER, ...ASKING];

/** A peer whose other end says nothing. */
function peer(): WebSocketPeer {
  return new WebSocketPeer(new DuplexTransport(new PassThrough()), { role: 'server' });
}

/** Each set: who takes it, and the names of the options that have a value to be wrong about. */
export const SETS: Readonly<
  Record<string, readonly [take: (bag: Bag) => unknown, names: string[]]>
> = {
  createServer: [
    createServer,
    [
      ...[
        'tls',
        'allowHalfOpen',
        'allowAnyScheme',
        'sharedReadBuffer',
        'directWrites',
        'time',
        'request',
        'error',
      ],
      ...['websocket', 'closeSpreadMs', 'headTimeoutMs', 'maxConnections', 'maxHeaderBytes'],
    ],
  ],
  'createServer websocket': [
    (websocket) => createServer({ websocket }),
    [...PEER, ...POLICY, ...HANDLERS],
  ],
  'server.close': [(bag) => createServer().close(bag), ['deadlineMs', 'spreadMs']],
  acceptDuplex: [
    (bag) => {
      const fields = { get: () => undefined, getAll: () => [] };
      const request = { method: 'GET', target: '/', version: '1.1', fields };
      return acceptDuplex(new PassThrough(), request, undefined, bag);
    },
    [
      ...[...PEER, ...POLICY, ...HANDLERS, 'refused', 'ticker', 'alarm'],
      ...['handshakeTimeoutMs', 'maxConnections', 'maxConnectionsPerAddress'],
    ],
  ],
  connectWebSocket: [
    (bag) => connectWebSocket(URL, bag),
    [...CONNECT, ...DIAL, 'protocols', 'maxRedirects', 'parallelHandshakes'],
  ],
  makePlan: [(bag) => makePlan(URL, bag), CONNECT],
  connectOverHttp2: [(bag) => connectOverHttp2(undefined as never, URL, bag), CONNECT],
  WebSocket: [
    (bag) => new WebSocket(URL, [], bag as WebSocketClientOptions),
    [...CONNECT, ...DIAL, 'reconnect', 'maxRedirects'].filter((name) => name !== 'delivery'),
  ],
  'WebSocket reconnect': [
    (reconnect) => new WebSocket(URL, [], { reconnect }),
    [
      ...['minDelayMs', 'maxDelayMs', 'maxAttempts', 'stableMs', 'maxQueuedBytes'],
      ...['maxRetryAfterMs', 'shouldReconnect'],
    ],
  ],
  EventSource: [
    (bag) => new EventSource('http://127.0.0.1:1/', bag),
    [
      ...[...DIAL, ...ASKING, 'withCredentials', 'lastEventId', 'reconnectionMs', 'maxDelayMs'],
      ...['maxAttempts', 'idleTimeoutMs', 'maxRedirects', 'maxEventBytes'],
    ],
  ],
  'a proxy': [(bag) => resolveProxy({ url: 'http://a', ...bag }), ['url', 'headers', 'tls']],
  'an event stream': [
    checkEventStream,
    ['keepAliveMs', 'replay', 'padding', 'slowConsumer', 'maxBufferedBytes', 'fields'],
  ],
  ReplayLog: [
    (bag) => new ReplayLog({ epoch: 'a', ...bag }),
    ['maxReplayEvents', 'maxReplayBytes'],
  ],
  EventStreamReader: [
    (bag) => new EventStreamReader({ event: () => {} } as never, bag),
    ['maxEventBytes'],
  ],
  'HTTP limits': [resolveHttpLimits, ['maxHeaderBytes', 'maxHeaderCount', 'maxBodyBytes']],
  'offers of permessage-deflate': [buildOffer, Object.keys(PARAMETERS)],
  MessageCodec: [
    (bag) => new MessageCodec('server', PARAMETERS, bag),
    ['level', 'memoryLevel', 'windowBits', 'maxInflateRatio', 'pool', 'zlib'],
  ],
  'peer.send': [(bag) => peer().send('x', bag), ['type', 'compress', 'key', 'signal']],
  'peer.send pieces': [(bag) => peer().send(['x'], bag), ['type', 'compress', 'key', 'signal']],
  'peer.startMessage': [(bag) => peer().startMessage('text', bag), ['compress']],
  'peer.ping': [(bag) => peer().ping(undefined, bag), ['signal']],
  'peer.drained': [(bag) => peer().drained(bag), ['signal']],
  broadcast: [(bag) => broadcast([], 'x', bag), ['type', 'compress', 'key', 'except']],
};

/** The code of the UsageError that the bag is refused with; whatever else happened otherwise. */
export async function refusalOf(take: (bag: Bag) => unknown, bag: Bag): Promise<string> {
  try {
    await take(bag);
    return 'taken';
  } catch (error) {
    const { name, code } = error as { name: string; code: string };
    return name === 'UsageError' ? code : `${name} ${code}`;
  }
}
