/** What is to be reached: for each workload, ours divided by theirs at most. */
import type { Row } from './report.ts';

/** A bar: our figure must be at most `atMost` times the peer's. */
export interface Goal {
  readonly peer: string;
  readonly atMost: number;
}

/** A goal and what came of it. `isMet` is undefined when the peer was not there. */
export interface Verdict extends Goal {
  readonly ratio: number | undefined;
  readonly isMet: boolean | undefined;
}

const HTTP_GOALS: readonly Goal[] = [
  { peer: 'HTTPParser', atMost: 1 / 1.2 },
  { peer: 'http-parser-js', atMost: 1 / 4 },
];

/** The goals by the id of the row; `framingGoals` has those of P4. */
const GOALS: Readonly<Record<string, readonly Goal[]>> = {
  P1: [
    { peer: 'ws', atMost: 0.55 },
    { peer: 'net.Socket', atMost: 0.75 },
  ],
  P2: [
    { peer: 'ws', atMost: 0.07 },
    { peer: 'bun', atMost: 1 },
  ],
  P3a: [{ peer: 'ws', atMost: 0.65 }],
  P3b: [{ peer: 'ws', atMost: 0.75 }],
  P3c: [{ peer: 'ws', atMost: 0.75 }],
  P5: HTTP_GOALS,
  'P5 varied': HTTP_GOALS,
  P6a: [{ peer: 'ws', atMost: 0.65 }],
  P6b: [{ peer: 'ws', atMost: 0.65 }],
  P6c: [{ peer: 'ws', atMost: 0.2 }],
  P6d: [{ peer: 'ws', atMost: 0.05 }],
  P7a: [{ peer: 'ws', atMost: 0.8 }],
  P7b: [{ peer: 'ws', atMost: 0.1 }],
  P8: [{ peer: 'ws', atMost: 1 / 1.5 }],
  P9a: [{ peer: 'node:http', atMost: 0.6 }],
  P9b: [{ peer: 'node:http', atMost: 0.6 }],
  P10: [{ peer: 'barewire, 100', atMost: 1.5 }],
};

/** With TLS and with permessage-deflate: not worse than ws. */
const NOT_WORSE: readonly Goal[] = [{ peer: 'ws', atMost: 1 }];

/** What a row must reach. */
export function goalsOf(id: string): readonly Goal[] {
  if (id.startsWith('P4 ')) return framingGoals(id);
  if (id.startsWith('P4x ')) return [{ peer: 'ws + addon', atMost: 1 }];
  if (/^(TLS|DEFLATE) /.test(id)) return NOT_WORSE;
  return GOALS[id] ?? [];
}

/**
 * P4, by the length of the payload. Without a mask there is nothing that the addon could do, so the
 * bar for ws without it stands where there is one.
 */
function framingGoals(id: string): Goal[] {
  const payloadBytes = Number(id.split(' ').at(-1));
  const goals: Goal[] = [{ peer: 'ws + addon', atMost: payloadBytes <= 126 ? 1 / 3.5 : 1 }];
  if (payloadBytes >= 16_384 && id.includes(' masked ')) {
    goals.push({ peer: 'ws, no addon', atMost: 1 / 8 });
  }
  return goals;
}

/** Compares a row with its goals. */
export function judge(row: Row): Verdict[] {
  return goalsOf(row.id).map((goal) => {
    const ratio = row.entries.find(({ name }) => name === goal.peer)?.ratio?.median;
    return { ...goal, ratio, isMet: ratio === undefined ? undefined : ratio <= goal.atMost };
  });
}
