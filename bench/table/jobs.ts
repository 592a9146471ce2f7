/** The parts that the table of results is made of: which bench measures what. */

/** One run of a bench, as a process of its own. */
export interface Job {
  /** Chosen by `--only`; also the name of its chart. */
  readonly id: string;
  readonly title: string;
  /** A `<bench>.bench.js` beside this folder. */
  readonly bench: string;
  /** The rows it is asked for; none means all. */
  readonly rows: readonly string[];
  /** Rounds at full length. */
  readonly rounds: number;
}

const job = (
  id: string,
  title: string,
  bench: string,
  rounds: number,
  rows: readonly string[] = [id],
): Job => ({ id, title, bench, rows, rounds });

/** Every row of the bench. */
const ALL: readonly string[] = [];

/** All jobs, in the order of the table. */
export const JOBS: readonly Job[] = [
  job('P1', 'Echo, one message in flight', 'process', 7),
  job('P2', 'Echo, 32 messages in flight', 'process', 7),
  job('P3', 'Echo of larger messages', 'process', 5),
  job('P4', 'The codec alone', 'framing', 7),
  job('P5', 'HTTP request heads', 'http', 15),
  job('P6', 'Broadcast', 'process', 5),
  job('P7', 'Memory of idle connections', 'process', 3),
  job('P8', 'Opening and closing handshake', 'process', 5),
  job('P9', 'Server-sent events to many', 'process', 5),
  job('P10', 'Growth with connections', 'process', 3),
  job('PLAIN', 'Plain HTTP requests', 'process', 3, ['HTTP']),
  job('TLS', 'The same over TLS', 'process', 5),
  job('DEFLATE', 'The same with permessage-deflate', 'process', 3),
  job('PATHS', 'Without one fast path', 'process', 3),
  job('ALLOC', 'Allocation for each message', 'allocation', 5),
  job('HTTP', 'HTTP heads in other feeding modes', 'http', 3),
  job('MASKING', 'Masking alone', 'masking', 3, ALL),
  job('UTF8', 'UTF-8 alone', 'utf8', 3, ALL),
  job('HANDSHAKE', 'The handshake alone', 'handshake', 3, ALL),
  job('SSE', 'Events written and read', 'sse', 3, ALL),
  job('CODEC', 'permessage-deflate alone', 'deflate', 3, ['echo']),
];

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
