/** The parts that the table of results is made of: which bench measures what. */
import type { Report, Row } from '../support/report.ts';
import { chooseRows } from '../support/selection.ts';

/** One run of a bench, as a process of its own. */
export interface Job {
  /** Chosen by `--only`; also the name of its chart, if there is one (charts.ts). */
  readonly id: string;
  readonly title: string;
  /** A `<bench>.bench.js` beside this folder. */
  readonly bench: string;
  /** The rows it is asked for; none means all. */
  readonly rows: readonly string[];
  /** Rounds at full length; a soak has none. */
  readonly rounds?: number;
  /** A chart for all rows whose ids begin with the same words, of which there are so many. */
  readonly chartWords?: number;
}

const job = (
  id: string,
  title: string,
  bench: string,
  rounds: number | undefined,
  rows: readonly string[] = [id],
): Job => ({ id, title, bench, rows, ...(rounds === undefined ? {} : { rounds }) });

/** Apart from each other, for one job would be ended before it has done both. */
const PATHS = [1, 2, 3, 4, 5, 6].map((number) => `PATHS ${number}`);
const PATHS_MANY = ['PATHS 11', 'PATHS 12'];
const PATHS_SINGLE = ['PATHS 7', 'PATHS 8', 'PATHS 9'];

/** Every row of the bench. */
const ALL: readonly string[] = [];

/**
 * All jobs, in the order of the table. Seven rounds, so that quartiles are more than the second
 * best and the second worst of five; five where a round takes more than 20 s.
 */
export const JOBS: readonly Job[] = [
  job('P1', 'Echo, one message in flight', 'process', 7),
  job('P2', 'Echo, 32 messages in flight', 'process', 7),
  job('P3', 'Echo of larger messages', 'process', 7),
  { ...job('P4', 'The codec alone', 'framing', 7), chartWords: 4 },
  job('P5', 'HTTP request heads', 'http', 15),
  job('P6', 'Broadcast', 'process', 5),
  job('P7', 'Memory of idle connections', 'process', 5),
  job('P8', 'Opening and closing handshake', 'process', 7),
  job('P9', 'Server-sent events to many', 'process', 7),
  job('P10', 'Growth with connections', 'process', 7),
  job('PLAIN', 'Plain HTTP requests', 'process', 7, ['HTTP']),
  job('TLS', 'The same over TLS', 'process', 7),
  job('DEFLATE', 'The same with permessage-deflate', 'process', 7),
  job('PATHS', 'Without one fast path', 'process', 5, PATHS),
  job('PATHS-1', 'Without one fast path, 1 in flight', 'process', 5, PATHS_SINGLE),
  job('PATHS-MANY', 'Without one fast path, many connections', 'process', 5, PATHS_MANY),
  job('SHAPES', 'After connections that were collected', 'process', 5, ['PATHS 10']),
  job('PARTS', 'Without one fast path: codec and HTTP alone', 'paths', 7, ALL),
  job('ALLOC', 'Allocation for each message', 'allocation', 7),
  job('HTTP', 'HTTP heads in other feeding modes', 'http', 7),
  job('MASKING', 'Masking alone', 'masking', 7, ALL),
  job('UTF8', 'UTF-8 alone', 'utf8', 7, ALL),
  job('HANDSHAKE', 'The handshake alone', 'handshake', 7, ALL),
  job('SSE', 'Events written and read', 'sse', 7, ALL),
  job('CODEC', 'permessage-deflate alone', 'deflate', 7, ['echo']),
  job('SOAK', 'Ten thousand connections, and long messages', 'soak', undefined, ALL),
];

/** A row and when and how it was measured. */
export interface Measured {
  readonly row: Row;
  readonly report: Report;
}

/** Which rows belong to a job: `P4` has `P4 …` and `P4x …`, `P1` has not `P10`. */
export function rowsOf({ bench, rows }: Job, reports: readonly Report[]): Measured[] {
  return reports
    .filter((report) => report.bench === bench)
    .flatMap((report) => chooseRows(report.rows, rows).map((row) => ({ row, report })));
}

/** The id of the job that a row of a bench belongs to; empty when there is none. */
export function jobOf(bench: string, row: Pick<Row, 'id'>): string {
  const found = JOBS.find((one) => one.bench === bench && chooseRows([row], one.rows).length > 0);
  return found?.id ?? '';
}

/**
 * Chooses jobs by their ids, separated by commas; all without.
 *
 * @throws Error when there is no such job.
 */
export function chooseJobs(only: string | undefined): readonly Job[] {
  if (only === undefined) return JOBS;
  return only.split(',').map((name) => {
    const found = JOBS.find(({ id }) => id.toLowerCase() === name.trim().toLowerCase());
    if (found === undefined) {
      throw new Error(`${name} is none of ${JOBS.map(({ id }) => id).join(', ')}`);
    }
    return found;
  });
}
