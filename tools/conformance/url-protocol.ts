/**
 * How clients talk to the fuzzing server: each thing to do is a WebSocket connection to a path of
 * its own. Test clients written for the original suite work unchanged.
 *
 * ```
 * /getCaseCount                      one text message: how many cases
 * /getCaseInfo?case=N                one text message: { id, description }
 * /runCase?case=N&agent=X            the case itself; N is 1-based among the selected cases
 * /runCase?casetuple=1.1.1&agent=X   the same, by id
 * /getCaseStatus?case=N&agent=X      one text message: { behavior }, when the case has finished
 * /updateReports?agent=X             writes the reports (&shutdownOnComplete=true: and stops)
 * /stopServer                        stops
 * anything else                      commands: see direct-commands.ts
 * ```
 */
import type { CatalogueEntry } from './cases/index.ts';

/** A case among the selected ones. */
export interface NumberedCase {
  readonly entry: CatalogueEntry;
  /** 1-based. */
  readonly number: number;
}

/** What a client asks for. */
export type ClientWish =
  | { readonly kind: 'count' }
  | ({ readonly kind: 'info' } & NumberedCase)
  | ({ readonly kind: 'run'; readonly agent: string } & NumberedCase)
  | ({ readonly kind: 'status'; readonly agent: string } & NumberedCase)
  | { readonly kind: 'update'; readonly shutdown: boolean }
  | { readonly kind: 'stop' }
  | { readonly kind: 'direct' }
  /** The handshake is refused with 500, as the original does. */
  | { readonly kind: 'refuse'; readonly reason: string };

const refuse = (reason: string): ClientWish => ({ kind: 'refuse', reason });

/** Reads the target of a request. */
export function readWish(target: string, entries: readonly CatalogueEntry[]): ClientWish {
  const [path, query = ''] = target.split('?', 2) as [string, string?];
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (parameters.getAll(name).length > 1) return refuse(`The parameter "${name}" stands twice.`);
  }
  switch (path) {
    case '/getCaseCount':
      return { kind: 'count' };
    case '/stopServer':
      return { kind: 'stop' };
    case '/updateReports':
      return {
        kind: 'update',
        shutdown: /^(?:true|yes)$/i.test(parameters.get('shutdownOnComplete') ?? ''),
      };
    case '/getCaseInfo':
    case '/runCase':
    case '/getCaseStatus':
      return readCaseWish(path, parameters, entries);
    default:
      return { kind: 'direct' };
  }
}

function readCaseWish(
  path: '/getCaseInfo' | '/runCase' | '/getCaseStatus',
  parameters: URLSearchParams,
  entries: readonly CatalogueEntry[],
): ClientWish {
  const found = findCase(parameters, entries);
  if (typeof found === 'string') return refuse(found);
  if (path === '/getCaseInfo') return { kind: 'info', ...found };
  const agent = parameters.get('agent')?.trim();
  // A result without a name would be of no use to anybody.
  if (agent === undefined || agent === '') return refuse('Say who you are: &agent=name.');
  return { kind: path === '/runCase' ? 'run' : 'status', agent, ...found };
}

function findCase(
  parameters: URLSearchParams,
  entries: readonly CatalogueEntry[],
): NumberedCase | string {
  const id = parameters.get('casetuple');
  const given = parameters.get('case');
  if (id === null && given === null) return 'Say which case: &case=number.';
  const number =
    id === null ? Number(given) : entries.findIndex((entry) => entry.case.id === id) + 1;
  const entry = entries[number - 1];
  if (entry !== undefined) return { entry, number };
  return id === null
    ? `There is no case number ${given}: there are ${entries.length}.`
    : `There is no case ${id} among the selected ones.`;
}
