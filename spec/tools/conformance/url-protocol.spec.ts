import t from 'tap';
import { CATALOGUE } from '../../../tools/conformance/cases/index.ts';
import { readWish } from '../../../tools/conformance/url-protocol.ts';

const entries = CATALOGUE.filter(({ group }) => group.id === '2');

/** Kind, number, case id, agent, reason: what there is. */
function tell(target: string): string {
  const wish = readWish(target, entries);
  const parts: unknown[] = [wish.kind];
  if ('number' in wish) parts.push(wish.number, wish.entry.case.id);
  if ('agent' in wish) parts.push(wish.agent);
  if ('reason' in wish) parts.push(wish.reason);
  if ('shutdown' in wish && wish.shutdown) parts.push('shutdown');
  return parts.join(' ');
}

t.test('reads what clients of the original ask for', (t) => {
  t.equal(tell('/getCaseCount'), 'count');
  t.equal(tell('/getCaseInfo?case=1'), 'info 1 2.1');
  t.equal(tell('/runCase?case=10&agent=my%20client%2F1'), 'run 10 2.10 my client/1');
  t.equal(tell('/runCase?agent=x&casetuple=2.5'), 'run 5 2.5 x');
  t.equal(tell('/getCaseStatus?case=11&agent=x'), 'status 11 2.11 x');
  t.equal(tell('/updateReports?agent=x'), 'update');
  t.equal(tell('/updateReports?agent=x&shutdownOnComplete=true'), 'update shutdown');
  t.equal(tell('/updateReports?agent=x&shutdownOnComplete=yes'), 'update shutdown');
  t.equal(tell('/updateReports?agent=x&shutdownOnComplete=no'), 'update');
  t.equal(tell('/stopServer'), 'stop');
  t.equal(tell('/'), 'direct');
  t.equal(tell('/anything?case=1'), 'direct');
  t.end();
});

t.test('refuses what it cannot do, and says why', (t) => {
  t.match(tell('/runCase?agent=x'), /^refuse Say which case/);
  t.match(tell('/runCase?case=1'), /^refuse Say who you are/);
  t.match(tell('/runCase?case=1&agent='), /^refuse Say who you are/);
  t.match(tell('/runCase?case=1&agent=%20'), /^refuse Say who you are/);
  t.match(tell('/runCase?case=0&agent=x'), /^refuse There is no case number 0: there are 11/);
  t.match(tell('/runCase?case=12&agent=x'), /^refuse There is no case number 12/);
  t.match(tell('/runCase?case=two&agent=x'), /^refuse There is no case number two/);
  t.match(tell('/runCase?casetuple=1.1.1&agent=x'), /^refuse There is no case 1.1.1 among/);
  t.match(tell('/runCase?case=1&case=2&agent=x'), /^refuse The parameter "case" stands twice/);
  t.end();
});
