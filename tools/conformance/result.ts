/**
 * The result of one case: everything that reports show, in plain data.
 *
 * Names and meanings of the fields are those of the original's report files, so that tools which
 * read those read these. Payloads are kept as short texts: nobody reads four megabytes of
 * asterisks.
 */
import { isUtf8 } from 'node:buffer';
import { isControlOpcode } from 'barewire/codec';
import type { CatalogueEntry } from './cases/index.ts';
import { type CloseFacts, noCloseFacts } from './close-facts.ts';
import type { FuzzerPeer } from './fuzzer-peer.ts';
import type { Behavior, CloseBehavior, RecordedEvent, Role } from './model.ts';
import { failedOpening, type Verdict } from './verdict.ts';
import { type Counts, PREVIEW_BYTES, sumOfSizes, WireLog } from './wire-log.ts';

/** An event as reports write it. */
export type EventText =
  | readonly ['message', text: string, isBinary: boolean]
  | readonly ['pong', text: string]
  | readonly ['timeout', tag: string];

/** Octets of each layer, one way. */
export interface TrafficLayer {
  readonly OctetsWireLevel: number;
  readonly OctetsWebSocketLevel: number;
  readonly OctetsAppLevel: number;
  readonly CompressionRatio: number | null;
  readonly WebSocketOverhead: number | null;
  readonly WebSocketFrames: number;
  readonly WebSocketMessages: number;
}

/** Octets of a compression case, both ways. */
export interface TrafficStats {
  readonly incoming: TrafficLayer;
  readonly outgoing: TrafficLayer;
  readonly preopenIncomingOctetsWireLevel: number;
  readonly preopenOutgoingOctetsWireLevel: number;
}

/** One case, run against one agent. */
export interface CaseResult {
  readonly agent: string;
  readonly entry: CatalogueEntry;
  /** The case's number: in the full list, or in the selected one when the fuzzer was the server. */
  readonly number: number;
  readonly started: Date;
  /** Milliseconds from the open connection to its end. */
  readonly duration: number;
  readonly behavior: Behavior;
  readonly behaviorClose: CloseBehavior;
  readonly result: string;
  readonly resultClose: string;
  readonly received: readonly EventText[];
  /** Whether the fuzzer was the server. */
  readonly isServer: boolean;
  /** The opening handshake was finished: there is a conversation to tell of. */
  readonly wasOpen: boolean;
  readonly facts: CloseFacts;
  readonly wasOpenHandshakeTimeout: boolean;
  readonly httpRequest: string;
  readonly httpResponse: string;
  readonly trafficStats: TrafficStats | null;
  readonly log: WireLog;
}

/** What a result is made from. */
export interface ResultParts {
  readonly agent: string;
  readonly entry: CatalogueEntry;
  readonly number: number;
  readonly role: Role;
  readonly started: Date;
  readonly duration: number;
  readonly verdict: Verdict;
  readonly events: readonly RecordedEvent[];
  readonly facts: CloseFacts;
  readonly wasOpenHandshakeTimeout?: boolean;
  readonly httpRequest: string;
  readonly httpResponse: string;
  /** The peer, when it came to one. */
  readonly peer?: Pick<FuzzerPeer, 'sent' | 'received'> | undefined;
  readonly log: WireLog;
}

/** Makes a result. */
export function makeResult(parts: ResultParts): CaseResult {
  const { verdict, events, role, peer, wasOpenHandshakeTimeout = false, ...rest } = parts;
  const showsTraffic = peer !== undefined && parts.entry.case.compression !== undefined;
  return {
    ...rest,
    ...verdict,
    wasOpenHandshakeTimeout,
    received: events.map(eventText),
    isServer: role === 'server',
    wasOpen: peer !== undefined,
    trafficStats: showsTraffic ? trafficStats(parts, peer) : null,
  };
}

/** What an opening that failed has left to show. */
export type OpeningEvidence = Pick<
  CaseResult,
  'httpRequest' | 'httpResponse' | 'wasOpenHandshakeTimeout' | 'log'
>;

/**
 * The result of a case that was never run: that of an opening that failed, and why.
 *
 * @param evidence of the opening for which it was not run.
 */
export function makeMissingResult(
  entry: CatalogueEntry,
  agent: string,
  number: number,
  role: Role,
  reason: string,
  evidence: OpeningEvidence = noEvidence(reason),
): CaseResult {
  const verdict = {
    ...failedOpening(entry.case, reason),
    resultClose: 'There was no connection.',
  };
  const { httpRequest, httpResponse, wasOpenHandshakeTimeout, log } = evidence;
  return makeResult({
    ...{ agent, entry, number, role, verdict },
    ...{ httpRequest, httpResponse, wasOpenHandshakeTimeout, log },
    started: new Date(),
    duration: 0,
    events: [],
    facts: noCloseFacts(),
  });
}

function noEvidence(reason: string): OpeningEvidence {
  const log = new WireLog(() => 0, false);
  log.note(reason);
  return { httpRequest: '', httpResponse: '', wasOpenHandshakeTimeout: false, log };
}

/** Whether a case is one of ours, which never mix with the original's. */
export function isBeyond({ entry }: Pick<CaseResult, 'entry'>): boolean {
  return /^\D/.test(entry.group.id);
}

/** Results of the original's cases, and those of ours; a part that is empty is left out. */
export function splitBeyond(results: readonly CaseResult[]): readonly CaseResult[][] {
  const parts = [results.filter((result) => !isBeyond(result)), results.filter(isBeyond)];
  return parts.filter(({ length }) => length > 0);
}

/** Whether a result is fine: no failure, and the connection closed as it should. */
export function isFine(result: Pick<CaseResult, 'behavior' | 'behaviorClose'>): boolean {
  const { behavior, behaviorClose } = result;
  return behavior !== 'FAILED' && (behaviorClose === 'OK' || behaviorClose === 'INFORMATIONAL');
}

/** A payload for people: text where it is UTF-8, else `0x` and hexadecimal; cut when it is long. */
export function payloadText(payload: Buffer, length = payload.length): string {
  const isLong = length > PREVIEW_BYTES - 4;
  const shown = isLong ? payload.subarray(0, PREVIEW_BYTES) : payload;
  const text = showOctets(shown, isLong);
  return isLong ? `${text} ...` : text;
}

function showOctets(octets: Buffer, isCut: boolean): string {
  if (isUtf8(octets)) return octets.toString('utf8');
  // The cut may have gone through a character: up to three octets less may be text again.
  for (let less = 1; isCut && less <= 3; less += 1) {
    const shorter = octets.subarray(0, octets.length - less);
    if (isUtf8(shorter)) return shorter.toString('utf8');
  }
  return `0x${octets.toString('hex')}`;
}

/** An event as reports write it. */
export function eventText(event: RecordedEvent): EventText {
  if (event.kind === 'timeout') return ['timeout', event.tag];
  if (event.kind === 'pong') return ['pong', payloadText(event.payload)];
  return ['message', payloadText(event.payload), event.isBinary];
}

function trafficStats(
  parts: ResultParts,
  { sent, received }: Pick<FuzzerPeer, 'sent' | 'received'>,
): TrafficStats {
  const { log } = parts;
  const layer = (wire: number, payload: number, app: number, frames: number, messages: number) => ({
    OctetsWireLevel: wire,
    OctetsWebSocketLevel: payload,
    OctetsAppLevel: app,
    CompressionRatio: app === 0 ? null : payload / app,
    WebSocketOverhead: payload === 0 ? null : (wire - payload) / payload,
    WebSocketFrames: frames,
    WebSocketMessages: messages,
  });
  // As the original counts them: without control frames.
  const dataFrames = (counts: Counts): number =>
    [...counts].reduce((sum, [opcode, times]) => (isControlOpcode(opcode) ? sum : sum + times), 0);
  const preopenIn = (parts.role === 'client' ? parts.httpResponse : parts.httpRequest).length;
  const preopenOut = (parts.role === 'client' ? parts.httpRequest : parts.httpResponse).length;
  return {
    incoming: layer(
      sumOfSizes(log.rxOctets) - preopenIn,
      received.payload,
      received.app,
      dataFrames(log.rxFrames),
      received.messages,
    ),
    outgoing: layer(
      sumOfSizes(log.txOctets) - preopenOut,
      sent.payload,
      sent.app,
      dataFrames(log.txFrames),
      sent.messages,
    ),
    preopenIncomingOctetsWireLevel: preopenIn,
    preopenOutgoingOctetsWireLevel: preopenOut,
  };
}
