/** The rows of the process benches: P1 – P3, P6 – P10, plain HTTP, over TLS, and with deflate. */
import {
  BARE_HANDLE,
  BAREWIRE,
  bun,
  NET,
  NODE_HTTP,
  WS,
  WS_OUR_SETTINGS,
  WS_PLAIN,
} from './contenders.ts';
import type { EchoLoad } from './load.ts';
import { BURST, KIB, KIB_16, KIB_256, ofMany, SMALL } from './loads.ts';
import { withoutFastPaths } from './path-workloads.ts';
import {
  broadcast,
  echo,
  eventFanOut,
  handshakes,
  idleMemory,
  type Measure,
  requests,
} from './scenarios.ts';
import { type Scale, type Seat, seated, type Workload } from './seats.ts';
import type { Contender } from './server-process.ts';

/** The full length. */
export const FULL: Scale = { length: 1, many: 10_000 };
/** Enough to see whether something is much slower than it was. */
export const QUICK: Scale = { length: 0.25, many: 2_000 };

const FRAMED = (): Contender[] => [BAREWIRE, WS, ...bun()];
const EVERYBODY = (): Contender[] => [...FRAMED(), NET];

/** Lists all rows. */
export function listWorkloads(scale: Scale): Workload[] {
  return [
    ...echoes(scale),
    ...fanOuts(scale),
    ...connections(scale),
    ...plain(scale),
    ...overTls(scale),
    ...compressed(scale),
    ...withoutFastPaths(scale),
  ];
}

function echoes({ length }: Scale): Workload[] {
  const row = (id: string, title: string, load: EchoLoad): Workload => {
    const measure = echo({ ...load, messages: load.messages * length });
    // Longer messages are not always taken by the kernel at once, and then there is no floor.
    const floor = load.payloadBytes <= 16_384 ? [BARE_HANDLE] : [];
    // Its native addon unmasks, which takes time where payloads are large.
    const addonless = id.startsWith('P3') ? [WS_PLAIN] : [];
    const contenders = [...EVERYBODY(), ...addonless, ...floor];
    return { id, title, unit: 'ns', seats: seated(contenders, measure) };
  };
  return [
    row('P1', 'echo, text 20 B, 100 connections, 1 in flight', SMALL),
    row('P2', 'echo, text 20 B, 100 connections, 32 in flight', BURST),
    row('P3a', 'echo, binary 1 KiB, 20 connections', KIB),
    row('P3b', 'echo, binary 16 KiB, 20 connections', KIB_16),
    row('P3c', 'echo, binary 256 KiB, 20 connections', KIB_256),
  ];
}

function fanOuts({ length }: Scale): Workload[] {
  const row = (id: string, title: string, measure: Measure): Workload => {
    const isEvents = id.startsWith('P9');
    const contenders = isEvents ? [BAREWIRE, NODE_HTTP, ...bun()] : FRAMED();
    // Nothing is compressed by a floor, and ws compresses harder unless it is told otherwise.
    const others = id === 'P6d' ? [WS_OUR_SETTINGS] : [BARE_HANDLE];
    return { id, title, unit: 'ns', seats: seated([...contenders, ...others], measure) };
  };
  const deflate = { deflate: true };
  return [
    row('P6a', 'broadcast 200 B to 1,000', broadcast(1_000, 1, 300 * length)),
    row('P6b', 'broadcast 200 B to 8,000', broadcast(8_000, 1, 36 * length)),
    row('P6c', 'eight broadcasts in one turn to 1,000', broadcast(1_000, 8, 40 * length)),
    row('P6d', 'compressed broadcast to 1,000', broadcast(1_000, 1, 120 * length, deflate)),
    row('P9a', 'event to 1,000 streams', eventFanOut(1_000, 300 * length)),
    row('P9b', 'event to 8,000 streams', eventFanOut(8_000, 36 * length)),
  ];
}

function connections({ length, many }: Scale): Workload[] {
  const atMany = echo(ofMany(many));
  const at100 = echo({ ...SMALL, messages: SMALL.messages * length });
  const growth = [...FRAMED(), BARE_HANDLE].flatMap((contender): Seat[] => [
    { name: contender.name, contender, measure: atMany },
    { name: `${contender.name}, 100`, contender, measure: at100 },
  ]);
  return [
    {
      id: 'P7a',
      title: `memory per idle connection of ${many}`,
      unit: 'B',
      seats: seated([...EVERYBODY(), BARE_HANDLE], idleMemory(many)),
    },
    {
      id: 'P7b',
      title: `the same after one compressed echo each, of ${many}`,
      unit: 'B',
      seats: seated(FRAMED(), idleMemory(many, true)),
    },
    {
      id: 'P8',
      title: 'opening and closing handshake',
      unit: 'ns',
      seats: seated(EVERYBODY(), handshakes(16_000 * length)),
    },
    {
      id: 'P10',
      title: `echo, text 20 B, ${many} connections against 100`,
      unit: 'ns',
      seats: growth,
    },
  ];
}

/** HTTP without anything on top. */
function plain({ length }: Scale): Workload[] {
  const load = { connections: 100, requests: 100_000 * length, bodyBytes: 20 };
  const contenders = [BAREWIRE, NODE_HTTP, ...bun(), BARE_HANDLE];
  return [
    {
      id: 'HTTP 1',
      title: 'plain HTTP: GET, answer of 20 B, 100 kept connections',
      unit: 'ns',
      seats: seated(contenders, requests(load)),
    },
  ];
}

/** The same work over TLS. */
function overTls({ length }: Scale): Workload[] {
  const tls = { tls: true };
  const row = (id: string, title: string, measure: Measure): Workload => {
    return { id, title, unit: 'ns', seats: seated(FRAMED(), measure) };
  };
  const echoed = (load: EchoLoad, messages: number): Measure =>
    echo({ ...load, messages: messages * length }, tls);
  return [
    row('TLS 1', 'over TLS: echo, text 20 B, 100 connections', echoed(SMALL, 50_000)),
    row('TLS 2', 'over TLS: the same, 32 in flight', echoed(BURST, 500_000)),
    row('TLS 3', 'over TLS: echo, binary 16 KiB, 20', echoed(KIB_16, 20_000)),
    row('TLS 4', 'over TLS: opening and closing handshake', handshakes(3_000 * length, tls)),
    row('TLS 5', 'over TLS: broadcast 200 B to 1,000', broadcast(1_000, 1, 100 * length, tls)),
  ];
}

/**
 * The same with permessage-deflate on. By default ws compresses harder than barewire does, so it
 * takes part with barewire's settings as well; bytes on the wire stand beside each figure.
 */
function compressed({ length }: Scale): Workload[] {
  const row = (id: string, title: string, load: EchoLoad, messages: number): Workload => {
    const measure = echo({ ...load, kind: 'text', messages: messages * length }, { deflate: true });
    const contenders = [...FRAMED(), WS_OUR_SETTINGS];
    return { id, title, unit: 'ns', seats: seated(contenders, measure) };
  };
  const small = { ...SMALL, payloadBytes: 200 };
  return [
    row('DEFLATE 1', 'compressed: echo, text 200 B, 100 connections', small, 20_000),
    row('DEFLATE 2', 'compressed: 1 KiB, 20', KIB, 10_000),
    // Fewer, and half of what is measured is compiling.
    row('DEFLATE 3', 'compressed: 16 KiB, 20', KIB_16, 15_000),
  ];
}
