import type { CloseReport } from 'barewire/connection';
import t from 'tap';
import { PeerEnd } from '../../lib/peer/peer-end.ts';

const REPORT = { code: 1000 } as CloseReport;

t.test('tells the end to who has asked before, and to who asks afterwards', async (t) => {
  const asked = new PeerEnd();
  const { closed } = asked;
  t.equal(asked.closed, closed, 'the same promise for everybody');
  asked.report = REPORT;
  asked.tell();
  t.equal(await closed, REPORT);
  t.equal(asked.closed, closed);
  const late = new PeerEnd();
  late.report = REPORT;
  late.tell();
  t.equal(await late.closed, REPORT);
});

t.test('aborts the signal of who has asked before, and of who asks afterwards', (t) => {
  const asked = new PeerEnd();
  const { signal } = asked;
  t.equal(signal.aborted, false);
  t.equal(asked.signal, signal);
  asked.report = REPORT;
  t.equal(signal.aborted, false, 'not before it is told to');
  asked.abort();
  t.equal(signal.aborted, true);
  const late = new PeerEnd();
  late.report = REPORT;
  late.abort();
  t.equal(late.signal.aborted, true);
  t.end();
});

t.test('waits for pongs, each by itself', async (t) => {
  const end = new PeerEnd();
  t.equal(end.pingsInFlight, 0);
  const answers: ((roundTripMs: number) => void)[] = [];
  const ask = (): Promise<number> =>
    end.pong(
      (answered) => answers.push(answered) > 0,
      () => 'never asked',
    );
  const pongs = [ask(), ask()];
  t.equal(end.pingsInFlight, 2);
  answers[1]!(7);
  t.equal(await pongs[1], 7);
  t.equal(end.pingsInFlight, 1);
  end.failPings();
  await t.rejects(pongs[0]!, { code: 'invalid-state', message: /ended before the pong/ });
  t.equal(end.pingsInFlight, 0);
});

t.test('says why no ping was sent, and waits for none', async (t) => {
  const end = new PeerEnd();
  const refused = end.pong(
    () => false,
    () => 'three wait',
  );
  await t.rejects(refused, { code: 'invalid-state', message: /three wait/ });
  t.equal(end.pingsInFlight, 0);
  end.failPings();
});
