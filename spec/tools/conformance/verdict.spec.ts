import t from 'tap';
import { type CloseFacts, noCloseFacts } from '../../../tools/conformance/close-facts.ts';
import type { Case, CloseExpectation, RecordedEvent } from '../../../tools/conformance/model.ts';
import {
  CLOSES_NORMALLY,
  FAILS_WITH_1002,
  FAILS_WITH_1007,
  gotPong,
  gotText,
  passed,
} from '../../../tools/conformance/script.ts';
import { equalEvents, failedOpening, judge } from '../../../tools/conformance/verdict.ts';

const theCase = (close: CloseExpectation, more: Partial<Case> = {}): Case => ({
  id: '0.0.0',
  description: '',
  expectation: '',
  script: [],
  expected: { OK: [gotText('a')], 'NON-STRICT': [] },
  close,
  ...more,
});

/** A connection that the fuzzer closed, cleanly. */
const facts = (more: Partial<CloseFacts> = {}): CloseFacts => ({
  ...noCloseFacts(),
  closedByMe: true,
  wasClean: true,
  remoteCloseCode: 1000,
  ...more,
});

const verdict = (
  close: CloseExpectation,
  more: Partial<CloseFacts>,
  role: 'client' | 'server' = 'client',
  events: RecordedEvent[] = [gotText('a')],
): string => {
  const { behavior, behaviorClose } = judge(theCase(close), role, events, undefined, facts(more));
  return `${behavior} / ${behaviorClose}`;
};

t.test('events are equal in kind, order, number, type and every octet', (t) => {
  const binary: RecordedEvent = { kind: 'message', payload: Buffer.from('a'), isBinary: true };
  t.ok(equalEvents([gotText('a'), passed('A')], [gotText('a'), passed('A')]));
  for (const other of [
    [],
    [gotText('b')],
    [binary],
    [gotPong('a')],
    [passed('a')],
    [gotText('a'), gotText('a')],
  ]) {
    t.notOk(equalEvents([gotText('a')], other));
  }
  t.notOk(equalEvents([passed('A')], [passed('B')]));
  t.end();
});

t.test('a case that failed says where its events first differ', (t) => {
  const binary: RecordedEvent = { kind: 'message', payload: Buffer.from('a'), isBinary: true };
  const whole = [passed('A'), gotText('a')];
  const expected = { OK: whole, 'NON-STRICT': [...whole, passed('B')] };
  const say = (...events: RecordedEvent[]): string =>
    judge(theCase(CLOSES_NORMALLY, { expected }), 'client', events, undefined, facts()).result;
  t.equal(say(), 'The connection ended before the timeout A.');
  t.equal(say(passed('A')), 'There was no text message of 1 octet.');
  t.match(
    say(passed('A'), binary),
    /A binary message of 1 octet came instead of a text message of 1 octet/,
  );
  t.match(say(passed('A'), gotText('b')), /A text message of 1 octet came, but with other octets/);
  t.match(say(gotPong()), /A pong of 0 octets came instead of a timeout A/);
  t.equal(say(...whole, passed('B'), gotPong()), 'A pong of 0 octets came that nobody asked for.');
  t.end();
});

t.test('the first list that is met gives the verdict, and nothing else will do', (t) => {
  t.equal(verdict(CLOSES_NORMALLY, {}), 'OK / OK');
  t.equal(verdict(CLOSES_NORMALLY, {}, 'client', []), 'NON-STRICT / OK');
  t.equal(verdict(CLOSES_NORMALLY, {}, 'client', [gotPong('a')]), 'FAILED / OK');
  t.end();
});

t.test(
  'the closing verdict looks at the wrong end first, then at cleanness, code, and who dropped TCP',
  (t) => {
    const wrong = { closedByMe: false, wasClean: false, remoteCloseCode: 1011, droppedByMe: true };
    t.equal(verdict(CLOSES_NORMALLY, wrong), 'OK / FAILED');
    t.equal(verdict(CLOSES_NORMALLY, { ...wrong, closedByMe: true }), 'OK / UNCLEAN');
    t.equal(
      verdict(CLOSES_NORMALLY, { ...wrong, closedByMe: true, wasClean: true }),
      'OK / WRONG CODE',
    );
    t.equal(verdict(CLOSES_NORMALLY, { droppedByMe: true }), 'OK / FAILED BY CLIENT');
    t.equal(verdict(CLOSES_NORMALLY, { droppedByMe: true }, 'server'), 'OK / OK');
    t.equal(verdict(CLOSES_NORMALLY, { remoteCloseCode: undefined }), 'OK / OK', 'no code is fine');
    t.end();
  },
);

t.test('a testee that fails the connection may say so, or just go', (t) => {
  const gone = { closedByMe: false, wasClean: false };
  t.equal(verdict(FAILS_WITH_1002, { ...gone, remoteCloseCode: 1002 }), 'OK / OK');
  t.equal(verdict(FAILS_WITH_1002, { ...gone, remoteCloseCode: undefined }), 'OK / OK');
  t.equal(verdict(FAILS_WITH_1002, { ...gone, remoteCloseCode: 1000 }), 'OK / WRONG CODE');
  t.equal(verdict(FAILS_WITH_1002, {}), 'OK / FAILED', 'the fuzzer had to close');
  t.end();
});

t.test('the closing verdict fails the whole case only where the case says so', (t) => {
  t.equal(verdict(FAILS_WITH_1007, {}), 'FAILED / FAILED', 'wrong end');
  t.equal(
    verdict(FAILS_WITH_1007, { closedByMe: false, remoteCloseCode: 1002 }),
    'OK / WRONG CODE',
  );
  const fatal = { ...CLOSES_NORMALLY, wrongCodeIsFatal: true };
  t.equal(verdict(fatal, { remoteCloseCode: 1002 }), 'FAILED / WRONG CODE');
  t.equal(verdict(fatal, { closedByMe: false }), 'OK / FAILED');
  const says = { ...FAILS_WITH_1002, closedByMe: true, needsCode: true };
  t.equal(verdict(says, { remoteCloseCode: undefined }), 'OK / WRONG CODE');
  t.equal(verdict(says, { remoteCloseCode: undefined, wasClean: false }), 'OK / OK');
  t.end();
});

t.test('a case without a rule is INFORMATIONAL whatever happens', (t) => {
  const shown = theCase(CLOSES_NORMALLY, { informational: (events) => `${events.length} events` });
  const { behavior, behaviorClose, result } = judge(shown, 'client', [], undefined, noCloseFacts());
  t.same([behavior, behaviorClose, result], ['INFORMATIONAL', 'INFORMATIONAL', '0 events']);
  const unopened = failedOpening(shown, 'Nobody is there.');
  t.match(unopened, {
    ...{ behavior: 'INFORMATIONAL', behaviorClose: 'INFORMATIONAL', result: 'Nobody is there.' },
  });
  t.match(failedOpening(theCase(CLOSES_NORMALLY), ''), {
    ...{ behavior: 'FAILED', behaviorClose: 'FAILED' },
  });
  t.end();
});

t.test('what was not tested is not blamed for how it closed', (t) => {
  const untested = { behavior: 'UNIMPLEMENTED', because: 'not negotiated' } as const;
  const result = judge(theCase(FAILS_WITH_1007), 'client', [], untested, facts());
  t.same([result.behavior, result.behaviorClose], ['UNIMPLEMENTED', 'OK']);
  t.end();
});

t.test('an illegal close code counts as 1000, and is shown as it was', (t) => {
  const illegal = { remoteCloseCode: 1004, hasIllegalCloseCode: true };
  t.equal(verdict(CLOSES_NORMALLY, illegal), 'OK / OK');
  const fatal = { ...CLOSES_NORMALLY, codes: [1002], wrongCodeIsFatal: true };
  t.equal(verdict(fatal, illegal), 'FAILED / WRONG CODE');
  const { resultClose } = judge(theCase(fatal), 'client', [], undefined, facts(illegal));
  t.match(resultClose, /Close code 1004 instead of 1002/);
  t.end();
});

t.test('it says who ended the connection too early', (t) => {
  const end = (more: Partial<CloseFacts>): string =>
    judge(theCase(CLOSES_NORMALLY), 'client', [], undefined, facts({ closedByMe: false, ...more }))
      .resultClose;
  t.equal(end({ remoteCloseReason: 'bye' }), 'The testee ended the connection with 1000 bye.');
  t.equal(end({ remoteCloseCode: undefined }), 'The testee ended the connection.');
  const lost = { remoteCloseCode: undefined, droppedByMe: true, wasNotCleanReason: 'No sense.' };
  t.equal(end(lost), 'The fuzzer could not go on. No sense.');
  t.end();
});
