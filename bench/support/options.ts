/** What each bench can be told beside the names of its rows. */
import type { ParseArgsConfig } from 'node:util';

const kept = { json: { type: 'string' }, svg: { type: 'string' } } as const;
const quick = { quick: { type: 'boolean', default: false } } as const;
const rounds = { rounds: { type: 'string' } } as const;

/** What every suite can be told. */
export const SUITE_OPTIONS = { ...quick, ...rounds, ms: { type: 'string' }, ...kept } as const;

/** By the name of the bench; of several benches each is given those that it has. */
export const BENCH_OPTIONS = {
  allocation: { ...quick, ...rounds, sites: { type: 'boolean', default: false }, ...kept },
  deflate: SUITE_OPTIONS,
  framing: { ...SUITE_OPTIONS, with: { type: 'string', multiple: true } },
  handshake: SUITE_OPTIONS,
  http: SUITE_OPTIONS,
  masking: SUITE_OPTIONS,
  paths: SUITE_OPTIONS,
  process: {
    ...{ ...quick, ...rounds, against: { type: 'string' } },
    ...{ peers: { type: 'boolean', default: false }, ...kept },
  },
  soak: { ...quick, json: kept.json },
  sse: SUITE_OPTIONS,
  table: {
    only: { type: 'string' },
    page: { type: 'boolean', default: false },
    ...{ ...quick, ...rounds, into: { type: 'string' } },
  },
  utf8: SUITE_OPTIONS,
} as const satisfies Readonly<Record<string, ParseArgsConfig['options']>>;

/** The name of a bench. */
export type BenchName = keyof typeof BENCH_OPTIONS;
