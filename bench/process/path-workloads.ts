/**
 * What each fast path is worth: our server beside itself, with one of them switched off.
 *
 * Those of the codec and of HTTP show by themselves in bench/paths.
 */
import type { FastPath } from 'barewire/base';
import { BAREWIRE } from './contenders.ts';
import { BURST, KIB_16, KIB_256, ofMany, SMALL } from './loads.ts';
import {
  broadcast,
  echo,
  eventFanOut,
  handshakes,
  idleMemory,
  type Measure,
  requests,
} from './scenarios.ts';
import { type Scale, seated, type Workload } from './seats.ts';
import type { Contender } from './server-process.ts';

const withPaths = (setting: string, name: string): Contender => ({
  ...BAREWIRE,
  name,
  collects: true,
  env: { BAREWIRE_FAST_PATHS: setting },
});

function row(
  id: string,
  title: string,
  measure: Measure,
  paths: readonly FastPath[],
  unit: 'ns' | 'B' = 'ns',
): Workload {
  const contenders = [
    withPaths('on', BAREWIRE.name),
    ...paths.map((path) => withPaths(`-${path}`, `without ${path}`)),
    withPaths('off', 'without any'),
  ];
  return { id, title, unit, seats: seated(contenders, measure) };
}

/** Lists these rows. */
export function withoutFastPaths(scale: Scale): Workload[] {
  return [...ofMessages(scale), ...ofConnections(scale)];
}

function ofMessages({ length }: Scale): Workload[] {
  const burst = echo({ ...BURST, messages: 500_000 * length });
  const long = echo({ ...KIB_16, messages: 20_000 * length });
  const longest = echo({ ...KIB_256, messages: 2_000 * length });
  // Fewer, and half of what is measured is compiling.
  const packed = echo({ ...KIB_16, messages: 15_000 * length, kind: 'text' }, { deflate: true });
  return [
    row('PATHS 1', 'short messages, 32 in flight', burst, [
      ...(['one-write', 'outbox', 'shared-read', 'direct-write', 'short-text'] as const),
      ...(['frame-parser', 'frame-writer', 'message-assembler', 'mask'] as const),
    ]),
    row('PATHS 2', 'echo, binary 16 KiB', long, [
      ...(['mask', 'read-memory', 'freed-memory', 'frame-parser', 'outbox'] as const),
      'direct-write',
    ]),
    row('PATHS 3', 'echo, binary 256 KiB', longest, [
      ...(['mask', 'read-memory', 'outbox', 'freed-memory'] as const),
    ]),
    row('PATHS 4', 'broadcast 200 B to 1,000', broadcast(1_000, 1, 150 * length), [
      ...(['broadcast', 'direct-write', 'latent-socket', 'outbox', 'lent-output'] as const),
    ]),
    row('PATHS 5', 'event to 1,000 streams', eventFanOut(1_000, 150 * length), [
      ...(['shared-text', 'direct-write', 'latent-socket', 'lent-output'] as const),
    ]),
    row('PATHS 7', 'compressed: 16 KiB, 20', packed, ['zlib-handles']),
  ];
}

function ofConnections({ length, many }: Scale): Workload[] {
  const single = echo({ ...SMALL, messages: 50_000 * length });
  const atMany = echo(ofMany(many));
  const late = echo({ ...BURST, messages: 500_000 * length }, { shortFirst: 5 });
  const plain = requests({ connections: 100, requests: 50_000 * length, bodyBytes: 20 });
  return [
    row('PATHS 6', 'opening and closing handshake', handshakes(8_000 * length), [
      ...(['shared-read', 'direct-write', 'latent-socket', 'inherited-options'] as const),
      ...(['shapes', 'request-line', 'field-section', 'value-scan'] as const),
    ]),
    row('PATHS 8', 'short messages, 1 in flight', single, [
      ...(['one-write', 'outbox', 'shared-read', 'direct-write', 'short-text'] as const),
      ...(['frame-parser', 'frame-writer', 'message-assembler', 'mask'] as const),
      ...(['message-reader', 'short-views'] as const),
    ]),
    row('PATHS 9', 'plain HTTP: GET, answer of 20 B, kept connections', plain, [
      ...(['repeated-section', 'request-line', 'field-section', 'value-scan'] as const),
      ...(['shared-read', 'direct-write'] as const),
    ]),
    row('PATHS 10', 'short messages, 32 in flight, after five connections, collected', late, [
      'shapes',
    ]),
    row('PATHS 11', `short messages, 1 in flight, ${many} connections`, atMany, [
      ...(['latent-socket', 'message-reader', 'direct-write', 'lent-output'] as const),
    ]),
    row(
      'PATHS 12',
      `memory per idle connection of ${many}`,
      idleMemory(many),
      ['latent-socket', 'message-reader', 'lent-output'],
      'B',
    ),
  ];
}
