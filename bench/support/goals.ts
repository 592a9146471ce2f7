/** What is to be reached: for each workload, ours divided by theirs at most, or ours at most. */
import type { Entry, Row } from './report.ts';
import { quantile, ratiosOf } from './turns.ts';
import { formatRatio } from './units.ts';

/** A bar: our figure must be at most `atMost` times the peer's. */
export interface Goal {
  /** Absent: `atMost` is a budget for our own figure, in the unit of the row. */
  readonly peer?: string;
  readonly atMost: number;
  /** Whose figure is judged: that of an entry with this name; absent, of the first. */
  readonly ours?: string;
  /** What a budget is for; or what a bar says in other words. */
  readonly reason?: string;
}

/** A goal and what came of it. */
export interface Verdict extends Goal {
  /** What is compared with `atMost`; undefined when it is not known. */
  readonly measured: number | undefined;
  readonly isMet: boolean | undefined;
  /** Why it is not known. */
  readonly missing?: string;
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
  P8: [{ peer: 'ws', atMost: 1 / 1.5, reason: '1.5 × its handshakes per second of CPU' }],
  P9a: [{ peer: 'node:http', atMost: 0.6 }],
  P9b: [{ peer: 'node:http', atMost: 0.6 }],
  P10: [{ peer: 'barewire, 100', atMost: 1.5 }],
  ...allocationGoals(),
};

/**
 * Bytes for each message: what the handler receives, which is a string of 20 characters (40 B) or a
 * Buffer (108 B beside the memory it lies in), and little more: no room for a closure (96 B with
 * what it refers to), another Buffer, or an array for each frame. With one message in flight the
 * turn of the loop, its read and its write come on top. The budgets are the figures of November
 * 2026, of which runs differ by up to 50 B because functions are compiled meanwhile: the highest
 * median of any run, rounded up by a seventh at most.
 */
function allocationGoals(): Record<string, readonly Goal[]> {
  const budget = (atMost: number, reason: string): readonly Goal[] => [{ atMost, reason }];
  return {
    'ALLOC codec decode text': budget(90, 'of it 40 the string'),
    'ALLOC codec decode binary': budget(170, 'of it 108 the Buffer'),
    'ALLOC codec encode text': budget(60, 'nothing is received'),
    'ALLOC codec encode binary': budget(60, 'nothing is received'),
    'ALLOC server text': budget(75, 'of it 40 the string; a turn of the loop for each'),
    'ALLOC server binary': budget(160, 'of it 108 the Buffer; a turn of the loop for each'),
    'ALLOC server text burst': budget(120, 'of it 40 the string'),
    'ALLOC server binary burst': budget(185, 'of it 108 the Buffer'),
    'ALLOC server binary long': budget(
      17_300,
      'of it 16,650 the Buffer; a turn of the loop for each',
    ),
    'ALLOC server broadcast': budget(200, 'nothing is received; a write for each'),
    'ALLOC server events': budget(345, 'nothing is received; a write for each'),
  };
}

/** With TLS and with permessage-deflate: not worse than ws. */
const NOT_WORSE: readonly Goal[] = [{ peer: 'ws', atMost: 1 }];

/** What a row must reach. */
export function goalsOf(id: string): readonly Goal[] {
  if (id.startsWith('P4 ')) return forBothReaders(id, framingGoals(id));
  if (id.startsWith('P4x ')) return forBothReaders(id, [{ peer: 'ws + addon', atMost: 1 }]);
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

/**
 * A decoder that is given its reads keeps them, which that of our server cannot do. So the same
 * bars stand for one that copies, too, in lines of their own.
 */
function forBothReaders(id: string, goals: readonly Goal[]): readonly Goal[] {
  if (!id.includes(' decode ')) return goals;
  return [...goals, ...goals.map((goal) => ({ ...goal, ours: 'barewire, shared reads' }))];
}

/** Compares a row with its goals. */
export function judge(row: Row): Verdict[] {
  return goalsOf(row.id).map((goal) => {
    const named = (wanted: string | undefined) => row.entries.find(({ name }) => name === wanted);
    const ours = goal.ours === undefined ? row.entries[0] : named(goal.ours);
    const entry = named(goal.peer);
    const own = ours !== undefined && ours.samples.length > 0 ? ours.median : undefined;
    const measured = goal.peer === undefined ? own : ratioOf(row, ours, entry);
    if (measured !== undefined) return { ...goal, measured, isMet: measured <= goal.atMost };
    const error = ours?.error ?? entry?.error;
    const missing = error === undefined ? 'not measured' : `failed: ${error}`;
    return { ...goal, measured, isMet: undefined, missing };
  });
}

/** Rows keep the ratios of their first entry; those of another are made of the samples. */
function ratioOf(row: Row, ours: Entry | undefined, peer: Entry | undefined): number | undefined {
  if (ours === row.entries[0]) return peer?.ratio?.median;
  const ratios = ratiosOf(ours?.samples ?? [], peer?.samples ?? []);
  return ratios.length === 0 ? undefined : quantile(ratios, 0.5);
}

/** What is to be reached, in a few signs; with whose figure, where it is not the first one's. */
export function formatBar({ peer, atMost, ours, reason }: Goal): string {
  if (peer === undefined) return `≤ ${atMost} B${reason === undefined ? '' : ` (${reason})`}`;
  const whose = ours === undefined ? '' : `${ours}: `;
  const words = reason === undefined ? '' : ` (${reason})`;
  return `${whose}≤ ${atMost < 0.5 ? atMost.toFixed(3) : atMost.toFixed(2)} × ${peer}${words}`;
}

/** What was reached, or why that is not known. */
export function formatMeasured({ peer, measured, missing = '' }: Verdict): string {
  if (measured === undefined) return missing;
  return peer === undefined ? `${measured.toFixed(0)} B` : formatRatio(measured);
}
