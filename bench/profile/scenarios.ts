/** What can be profiled, at which length, and of whom: not every server does everything. */

import { BAREWIRE, NET, NODE_HTTP, WS } from '../process/contenders.ts';
import {
  broadcast,
  echo,
  eventFanOut,
  handshakes,
  idleMemory,
  type Measure,
} from '../process/scenarios.ts';
import { alone } from './alone.ts';
import type { Expected } from './doubts.ts';

/** Who can be profiled, by the name that `--server` takes. */
export const SERVERS = { barewire: BAREWIRE, ws: WS, net: NET, 'node-http': NODE_HTTP } as const;
type ServerName = keyof typeof SERVERS;

/** Makes a measurement; `scale` makes it shorter. */
type MakeMeasure = (scale: number) => Measure;

/** One of them. */
export interface Scenario {
  readonly servers: readonly ServerName[];
  readonly makeMeasure: MakeMeasure;
  /** What a profile of it must agree with, if it can be trusted. */
  readonly expected?: Expected;
  /** Its heap is looked at, not its time: how many connections there are. */
  readonly idleConnections?: number;
}

const small = { payloadBytes: 20, connections: 100, inFlight: 1, kind: 'text' } as const;
const large = { payloadBytes: 16_384, connections: 20, inFlight: 1, kind: 'binary' } as const;
const deflated = { deflate: true } as const;
const tls = { tls: true } as const;
/** So many that what a process makes once hardly counts. */
const IDLE = 4_000;

/** Plain sockets: besides the kernel there is little but script. */
const PLAIN: Expected = { isPlain: true };
/** There is much to do for each read, which is what a profiler does not see. */
const FEW_READS: Expected = { isPlain: true, leastSeen: 0.8 };

function of(
  servers: readonly ServerName[],
  expected: Expected,
  scenarios: Readonly<Record<string, MakeMeasure>>,
): Record<string, Scenario> {
  const entries = Object.entries(scenarios);
  return Object.fromEntries(
    entries.map(([name, makeMeasure]) => [name, { servers, expected, makeMeasure }] as const),
  );
}

/** All of them, by name. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...of(['barewire', 'ws', 'net'], PLAIN, {
    echo: (scale) => echo({ ...small, messages: 200_000 * scale }),
    many: (scale) => echo({ ...small, connections: 10_000, messages: 200_000 * scale }),
    'echo-1k': (scale) => echo({ ...large, payloadBytes: 1_024, messages: 100_000 * scale }),
    large: (scale) => echo({ ...large, messages: 60_000 * scale }),
    'echo-256k': (scale) => echo({ ...large, payloadBytes: 262_144, messages: 8_000 * scale }),
    handshake: (scale) => handshakes(8_000 * scale),
  }),
  ...of(['barewire', 'ws', 'net'], FEW_READS, {
    burst: (scale) => echo({ ...small, inFlight: 32, messages: 3_000_000 * scale }),
  }),
  ...of(
    ['barewire', 'ws'],
    {},
    {
      tls: (scale) => echo({ ...small, messages: 100_000 * scale }, tls),
      'tls-large': (scale) => echo({ ...large, messages: 40_000 * scale }, tls),
      'tls-handshake': (scale) => handshakes(3_000 * scale, tls),
      'tls-broadcast': (scale) => broadcast(1_000, 1, 200 * scale, tls),
      deflate: (scale) => echo({ ...small, payloadBytes: 200, messages: 50_000 * scale }, deflated),
      'deflate-large': (scale) =>
        echo({ ...large, kind: 'text', messages: 15_000 * scale }, deflated),
      'decode-short': (scale) => alone('decode-short', 20_000_000 * scale),
      'decode-long': (scale) => alone('decode-long', 300_000 * scale),
      'encode-short': (scale) => alone('encode-short', 30_000_000 * scale),
    },
  ),
  ...of(['barewire', 'ws'], FEW_READS, {
    broadcast: (scale) => broadcast(1_000, 1, 300 * scale),
    'broadcast-8000': (scale) => broadcast(8_000, 1, 40 * scale),
    'broadcast-deflate': (scale) => broadcast(1_000, 1, 300 * scale, deflated),
  }),
  ...of(['barewire', 'node-http'], FEW_READS, {
    events: (scale) => eventFanOut(1_000, 300 * scale),
    'events-8000': (scale) => eventFanOut(8_000, 40 * scale),
  }),
  ...of(
    ['barewire', 'node-http'],
    {},
    {
      heads: (scale) => alone('heads', 2_000_000 * scale),
    },
  ),
  idle: {
    servers: ['barewire', 'ws', 'net'],
    makeMeasure: (scale) => idleMemory(IDLE * scale),
    idleConnections: IDLE,
  },
};
