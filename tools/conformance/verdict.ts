/**
 * The judges: what happened, against what should have happened.
 *
 * Two verdicts a case. The first compares the recorded events with the expected lists, exactly:
 * order, number, type, every octet. The second looks at how the connection ended. The first is what
 * people read; the second changes it in two situations only, which are marked in the case itself.
 */
import type { CloseFacts } from './close-facts.ts';
import type {
  Behavior,
  Case,
  CloseBehavior,
  CloseExpectation,
  RecordedEvent,
  Role,
} from './model.ts';
import { CLOSES_NORMALLY } from './script.ts';

/** Both verdicts, each with one line that says why. */
export interface Verdict {
  readonly behavior: Behavior;
  readonly behaviorClose: CloseBehavior;
  readonly result: string;
  readonly resultClose: string;
}

/** What a case that acts has decided. */
export interface Decision {
  readonly behavior: Behavior;
  readonly because: string;
}

/** Whether two lists of events are the same in every octet. */
export function equalEvents(
  left: readonly RecordedEvent[],
  right: readonly RecordedEvent[],
): boolean {
  return left.length === right.length && left.every((event, at) => equalEvent(event, right[at]!));
}

function equalEvent(left: RecordedEvent, right: RecordedEvent): boolean {
  if (left.kind === 'timeout') return right.kind === 'timeout' && left.tag === right.tag;
  if (right.kind === 'timeout' || left.kind !== right.kind) return false;
  if (left.kind === 'message' && right.kind === 'message' && left.isBinary !== right.isBinary) {
    return false;
  }
  return left.payload.equals(right.payload);
}

/** Judges a case whose connection was open and is gone. */
export function judge(
  theCase: Case,
  role: Role,
  events: readonly RecordedEvent[],
  decision: Decision | undefined,
  facts: CloseFacts,
): Verdict {
  // What was not tested cannot have been closed as the test wants it.
  const isTested = decision?.behavior !== 'UNIMPLEMENTED';
  const close = isTested ? theCase.close : CLOSES_NORMALLY;
  const [behaviorClose, resultClose] = judgeClose(close, role, facts);
  if (theCase.informational !== undefined) {
    return {
      behavior: 'INFORMATIONAL',
      behaviorClose: 'INFORMATIONAL',
      result: theCase.informational(events),
      resultClose,
    };
  }
  const [behavior, result] = decision
    ? ([decision.behavior, decision.because] as const)
    : judgeEvents(theCase, events);
  const spoiled = closeSpoils(close, behaviorClose, facts);
  return {
    behavior: spoiled === undefined ? behavior : 'FAILED',
    result: spoiled ?? result,
    behaviorClose,
    resultClose,
  };
}

/** The verdict of a case whose opening handshake never finished. */
export function failedOpening({ informational }: Case, reason: string): Verdict {
  const verdict = informational === undefined ? 'FAILED' : 'INFORMATIONAL';
  return {
    behavior: verdict,
    behaviorClose: verdict,
    result: reason,
    resultClose: 'The opening handshake never finished.',
  };
}

function judgeEvents(
  { expected }: Case,
  events: readonly RecordedEvent[],
): readonly [Behavior, string] {
  if (equalEvents(events, expected.OK)) return ['OK', 'What happened is what was expected.'];
  const tolerated = expected['NON-STRICT'];
  if (tolerated !== undefined && equalEvents(events, tolerated)) {
    return ['NON-STRICT', 'What happened is tolerated, but not the best.'];
  }
  const right = sharedLength(events, expected.OK);
  const isNearer = tolerated !== undefined && sharedLength(events, tolerated) > right;
  return ['FAILED', describeDifference(events, isNearer ? tolerated : expected.OK)];
}

/** How many events two lists have in common at their beginnings. */
function sharedLength(left: readonly RecordedEvent[], right: readonly RecordedEvent[]): number {
  const at = left.findIndex((event, index) => !equalEvents([event], right.slice(index, index + 1)));
  return at < 0 ? left.length : at;
}

/** Where the events first depart from what is right. */
function describeDifference(
  events: readonly RecordedEvent[],
  expected: readonly RecordedEvent[],
): string {
  const at = sharedLength(events, expected);
  const came = events[at] && nameEvent(events[at]);
  const wanted = expected[at] && nameEvent(expected[at]);
  if (came === undefined) {
    return expected[at]?.kind === 'timeout'
      ? `The connection ended before the ${wanted}.`
      : `There was no ${wanted}.`;
  }
  if (wanted === undefined) return `A ${came} came that nobody asked for.`;
  return wanted === came
    ? `A ${came} came, but with other octets.`
    : `A ${came} came instead of a ${wanted}.`;
}

function nameEvent(event: RecordedEvent): string {
  if (event.kind === 'timeout') return `timeout ${event.tag}`;
  const type = event.kind === 'pong' ? 'pong' : event.isBinary ? 'binary message' : 'text message';
  const { length } = event.payload;
  return `${type} of ${length} ${length === 1 ? 'octet' : 'octets'}`;
}

function judgeClose(
  { closedByMe, requireClean, codes, needsCode, isPartOfCase }: CloseExpectation,
  role: Role,
  facts: CloseFacts,
): readonly [CloseBehavior, string] {
  if (isPartOfCase === true) return ['OK', 'How it may end is part of the case.'];
  if (facts.closedByMe !== closedByMe) {
    return [
      'FAILED',
      closedByMe ? describeRemoteEnd(facts) : 'The testee did not end the connection.',
    ];
  }
  if (requireClean && !facts.wasClean) {
    return ['UNCLEAN', `A clean close was required. ${facts.wasNotCleanReason ?? ''}`.trim()];
  }
  // The original takes an illegal code, having failed the connection for it, as 1000.
  const code = facts.hasIllegalCloseCode ? 1000 : facts.remoteCloseCode;
  // No code at all is always fine: it says "no reason given" [RFC 6455 §7.1.5].
  if (code !== undefined && !codes.includes(code)) {
    return [
      'WRONG CODE',
      `Close code ${facts.remoteCloseCode} instead of ${codes.join(' or ')} or none.`,
    ];
  }
  if (needsCode === true && code === undefined && facts.wasClean) {
    return ['WRONG CODE', `No close code, where ${codes.join(' or ')} must be said.`];
  }
  if (role === 'client' && facts.droppedByMe) {
    return ['FAILED BY CLIENT', 'The server should have dropped TCP; the fuzzer had to.'];
  }
  return ['OK', 'The connection was closed as it should be.'];
}

function describeRemoteEnd(facts: CloseFacts): string {
  const { remoteCloseCode: code, remoteCloseReason = '', wasNotCleanReason = '' } = facts;
  if (code === undefined && facts.droppedByMe) {
    return `The fuzzer could not go on. ${wasNotCleanReason}`.trim();
  }
  const how = code === undefined ? '' : ` with ${code} ${remoteCloseReason}`;
  return `The testee ended the connection${how.trimEnd()}.`;
}

/** Why the closing verdict makes the whole case fail, if it does. */
function closeSpoils(
  expectation: CloseExpectation,
  verdict: CloseBehavior,
  facts: CloseFacts,
): string | undefined {
  const wrongEnd = facts.closedByMe !== expectation.closedByMe;
  if (expectation.wrongEndIsFatal === true && wrongEnd) {
    return 'The testee did not fail the connection itself.';
  }
  if (expectation.wrongCodeIsFatal === true && verdict === 'WRONG CODE') {
    return `The close code is wrong: ${facts.remoteCloseCode}.`;
  }
  return undefined;
}
