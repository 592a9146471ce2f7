/**
 * Laws of one connection on which anything is asked: answers, streams, event streams, upgrades and
 * hijacks behind one another, however their bytes are cut, in whatever order client, handlers, time
 * and the server's closing take their turns, and wherever it is broken off.
 *
 * - requests come in order, and none behind the end of HTTP; each has one answer, in that order;
 * - behind a hijack or an upgrade nothing is written but what the new owner writes;
 * - it gets the bytes behind the head, all of them and in order;
 * - each exchange ends once, with a report;
 * - who has no more to say is let go, and in the end nothing stays open.
 */
import assert from 'node:assert/strict';
import t from 'tap';
import { ConversationRun } from '../support/conversation-run.ts';
import { fc } from '../support/fast-check.ts';
import {
  type Answer,
  conversation,
  cutAnswer,
  isOpened,
  isTaken,
  readFrames,
  writeSpeech,
} from '../support/http-conversation.ts';
import { turn, weighed } from '../support/interleavings.ts';
import { runs } from '../support/laws.ts';

const action = weighed({
  ...{ send: 10, sendAll: 3, act: 14, pause: 1, resume: 2 },
  ...{ end: 0.4, destroy: 0.2, wait: 1, waitLong: 0.1, close: 0.1 },
});
const step = fc.record({ action, size: fc.integer({ min: 1, max: 90 }), turns: fc.nat(2) });
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function take(run: ConversationRun, { action, size }: Step): void {
  if (action === 'send') run.send(size);
  else if (action === 'sendAll') run.send(Number.POSITIVE_INFINITY);
  else if (action === 'act') run.act();
  else if (action === 'pause') run.pause();
  else if (action === 'resume') run.far.resume();
  else if (action === 'wait') run.pass(400);
  else if (action === 'waitLong') run.pass(25_000);
  else if (action === 'close') {
    run.isPeaceful = false;
    run.close(5_000);
  } else run.leave(action);
}

/** Everything is sent and read, and every handler comes to its end. */
async function settle(run: ConversationRun): Promise<void> {
  for (let round = 0; round < 40; round += 1) {
    run.far.resume();
    run.send(Number.POSITIVE_INFINITY);
    run.act();
    for (let count = 0; count < 3; count += 1) await turn();
  }
  assert.ok(!run.hasActs, 'every handler comes to its end');
}

/** Comments, and so many events between them. */
const events = (index: number, least: number): RegExp =>
  new RegExp(`^(?::.*\n\n?)*(?:data: ?event ${index}\n\n(?::.*\n\n?)*){${least},2}$`);

/** What each way of answering says, when it is whole: event streams are when the server closes. */
const BODIES: Readonly<Record<string, (index: number, isPeaceful: boolean) => RegExp>> = {
  respond: (index) => new RegExp(`^whole ${index}$`),
  read: (index) => new RegExp(`^whole ${index}$`),
  stream: (index) => new RegExp(`^(piece ${index} ){2}$`),
  events: (index, isPeaceful) => events(index, isPeaceful ? 2 : 0),
  listen: (index) => events(index, 0),
  refuse: () => /^refused\n$/,
};

/** What the server may say in place of an answer, when something has gone wrong. */
const TROUBLE: ReadonlySet<number> = new Set([400, 408, 500, 503]);

class Judge {
  readonly #run: ConversationRun;
  readonly #answers: Answer[] = [];
  /** What was written behind the last answer. */
  #rest: string;

  constructor(run: ConversationRun) {
    this.#run = run;
    this.#rest = run.received;
    while (this.#rest !== '' && !this.#isOver) {
      const cut = cutAnswer(this.#rest);
      assert.ok(cut !== undefined, `no answer: ${JSON.stringify(this.#rest)}`);
      this.#answers.push(cut.answer);
      this.#rest = cut.rest;
    }
  }

  /** Whether what follows is for no reader of HTTP. */
  get #isOver(): boolean {
    const index = this.#answers.length;
    const { requests } = this.#run.conversation;
    const next = requests[index];
    if (this.#answers.at(-1)?.status === 101) return true;
    return next !== undefined && isTaken(next) && this.#run.dispatched.includes(index);
  }

  check(): void {
    const { dispatched, conversation } = this.#run;
    assert.deepEqual(dispatched, [...dispatched.keys()], 'requests come in order, and once');
    const { answered } = writeSpeech(conversation);
    assert.ok(dispatched.length <= answered, 'nothing is asked behind the end');
    this.#checkAnswers();
    this.#checkOwner();
    assert.deepEqual(this.#run.errors, [], 'only planned errors');
  }

  #checkAnswers(): void {
    const { dispatched, conversation, isPeaceful } = this.#run;
    const { requests } = conversation;
    for (const [index, { status, body, isWhole, saysClose }] of this.#answers.entries()) {
      const isTheEnd = index === this.#answers.length - 1;
      assert.ok(isWhole || isTheEnd, 'an answer that is cut is the last thing');
      const way = index < dispatched.length ? requests[index]!.way : undefined;
      if (way === undefined || TROUBLE.has(status)) {
        assert.ok(TROUBLE.has(status), `answers what was not asked, with ${status}`);
        assert.ok(!isPeaceful || way === 'throw', `trouble in peace: ${status}`);
        assert.ok(way !== undefined || (isTheEnd && saysClose), 'it is the end');
        continue;
      }
      const isUpgraded = isOpened(requests[index]!);
      assert.equal(status, isUpgraded ? 101 : way === 'refuse' ? 404 : 200);
      if (isWhole && !isUpgraded) assert.match(body, BODIES[way]!(index, isPeaceful));
    }
  }

  #checkOwner(): void {
    const { conversation, wire, sent, taken, given, heard, said } = this.#run;
    const { rawFrom } = writeSpeech(conversation);
    const raw = wire.slice(rawFrom, Math.max(rawFrom, sent));
    assert.ok(raw.startsWith(taken), `the owner gets what was sent: ${JSON.stringify(taken)}`);
    if (this.#answers.at(-1)?.status === 101) {
      const { texts } = readFrames(this.#rest);
      assert.deepEqual(texts, said.slice(0, texts.length), 'its own messages, in order');
      assert.deepEqual(heard, conversation.words.slice(0, heard.length), 'the messages sent');
    } else assert.ok(given.startsWith(this.#rest), `only the owner writes: ${this.#rest}`);
  }

  /** An event stream has no end but that of its client, who has ended its side. */
  checkStreamEnd(): void {
    const { conversation, dispatched, far, near } = this.#run;
    const way = conversation.requests[dispatched.length - 1]?.way;
    if (way !== 'listen' || !far.writableEnded) return;
    assert.ok(near.destroyed, 'the event stream of a client that has ended goes on');
  }

  /** All has been sent, done and read, and nothing has gone wrong. */
  checkPeace(): void {
    const { conversation, dispatched, wire, taken, given, heard, said } = this.#run;
    const { answered, rawFrom } = writeSpeech(conversation);
    assert.equal(dispatched.length, answered, 'every request came');
    const last = conversation.requests[answered - 1]!;
    assert.equal(this.#answers.length, isTaken(last) ? answered - 1 : answered, 'every answer');
    const whole = this.#answers.filter(({ isWhole }) => isWhole).length;
    assert.ok(whole >= this.#answers.length - Number(last.way === 'listen'), 'whole');
    if (isTaken(last)) assert.deepEqual([taken, this.#rest], [wire.slice(rawFrom), given]);
    if (!isOpened(last)) return;
    assert.deepEqual(readFrames(this.#rest).texts, said);
    assert.deepEqual(heard, conversation.words);
  }

  checkEnd(): void {
    const { server, time, near, dispatched, reports } = this.#run;
    const { openConnections, openWebSockets } = server.stats();
    assert.deepEqual([openConnections, openWebSockets, server.peers.size], [0, 0, 0]);
    assert.equal(time.tickers, 0, 'a timer is left');
    assert.ok(near.destroyed, 'a stream is left');
    for (const index of dispatched) assert.equal(reports[index]!.length, 1, 'ends once');
    if (!this.#run.isPeaceful) return;
    for (const [{ reason } = { reason: '' }] of reports) assert.equal(reason, 'completed');
  }
}

t.test('law: whatever is asked on a connection is answered, in order, or given away', async (t) => {
  const counts = { peaceful: 0, taken: 0, opened: 0, answers: 0 };
  const steps = fc.array(step, { minLength: 5, maxLength: 90, size: 'max' });
  const law = fc.asyncProperty(conversation, steps, async (drawn, taken) => {
    const run = new ConversationRun(drawn);
    for (const each of taken) {
      take(run, each);
      for (let count = 0; count < each.turns; count += 1) await turn();
    }
    new Judge(run).check();
    await settle(run);
    const judge = new Judge(run);
    judge.check();
    judge.checkStreamEnd();
    if (run.isPeaceful) judge.checkPeace();
    counts.peaceful += Number(run.isPeaceful);
    counts.taken += Number(run.taken !== '');
    counts.opened += Number(run.said.length > 0);
    counts.answers += run.dispatched.length;
    await run.expire();
    await run.finish();
    const end = new Judge(run);
    end.check();
    end.checkEnd();
  });
  await fc.assert(law, runs(500));
  for (const [what, count] of Object.entries(counts)) t.ok(count > 10, `${what}: ${count}`);
});
