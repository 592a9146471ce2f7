/**
 * Results for specs, without having run anything.
 */
import { CATALOGUE } from '../../../tools/conformance/cases/index.ts';
import { noCloseFacts } from '../../../tools/conformance/close-facts.ts';
import type { Behavior, CloseBehavior } from '../../../tools/conformance/model.ts';
import {
  type CaseResult,
  makeResult,
  type ResultParts,
} from '../../../tools/conformance/result.ts';
import { WireLog } from '../../../tools/conformance/wire-log.ts';
import { findCase } from './capture.ts';

/** A result of a case. */
export function fakeResult(
  id: string,
  behavior: Behavior = 'OK',
  behaviorClose: CloseBehavior = 'OK',
  more: Partial<ResultParts> = {},
): CaseResult {
  const entry = findCase(id);
  return makeResult({
    agent: 'Test Peer/1.0',
    entry,
    number: CATALOGUE.indexOf(entry) + 1,
    role: 'client',
    started: new Date('2024-02-03T04:05:06.789Z'),
    duration: 12.4,
    verdict: { behavior, behaviorClose, result: 'Said so.', resultClose: 'Closed so.' },
    events: [],
    facts: { ...noCloseFacts(), closedByMe: true, wasClean: true, remoteCloseCode: 1000 },
    httpRequest: 'GET / HTTP/1.1\r\n\r\n',
    httpResponse: 'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    log: new WireLog(() => 0, false),
    ...more,
  });
}
