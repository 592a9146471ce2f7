/**
 * All fuzz targets by name. They are loaded late, after the hook that instruments what they import.
 */
import type { FuzzTarget } from './engine/target.ts';

type Load = () => Promise<{ readonly target: FuzzTarget }>;

const canary = (bug: number): Load => {
  return async () => ({ target: (await import('./canary.fuzz.ts')).canaryTarget(bug) });
};

/** Loads a target by its name. */
export const TARGETS: Readonly<Record<string, Load>> = {
  utf8: () => import('./utf8.fuzz.ts'),
  mask: () => import('./mask.fuzz.ts'),
  messages: () => import('./messages.fuzz.ts'),
  'request-reader': () => import('./request-reader.fuzz.ts'),
  'response-reader': () => import('./response-reader.fuzz.ts'),
  'event-stream-reader': () => import('./event-stream-reader.fuzz.ts'),
  'extension-list': () => import('./extension-list.fuzz.ts'),
  'server-handshake': () => import('./server-handshake.fuzz.ts'),
  'client-handshake': () => import('./client-handshake.fuzz.ts'),
  inflate: () => import('./inflate.fuzz.ts'),
  'message-codec': () => import('./message-codec.fuzz.ts'),
  connection: () => import('./connection.fuzz.ts'),
  'frame-reader': () => import('./frame-reader.fuzz.ts'),
  'canary-0': canary(0),
  'canary-1': canary(1),
  'canary-2': canary(2),
  'canary-3': canary(3),
  'canary-4': canary(4),
  'canary-5': canary(5),
};
