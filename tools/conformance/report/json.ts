/**
 * Reports as JSON, in the format of the original suite, field by field.
 *
 * `index.json` has one line of facts for each agent and case; each case has a file of its own with
 * everything that is known. Cases of our own go to `beyond.json`, so that what reads `index.json`
 * finds what it would find there.
 */
import type { CloseFacts } from '../close-facts.ts';
import type { RecordedEvent } from '../model.ts';
import { type CaseResult, eventText, payloadText } from '../result.ts';
import { type Counts, type LogEntry, PREVIEW_BYTES } from '../wire-log.ts';

/** One case of one agent in the index. */
export interface IndexEntry {
  readonly behavior: string;
  readonly behaviorClose: string;
  readonly duration: number;
  readonly remoteCloseCode: number | null;
  readonly reportfile: string;
}

/** The index: by agent, then by case id. */
export type Index = Record<string, Record<string, IndexEntry>>;

/** The name of a case's report, without its ending: `ws_8_23_0_case_1_1_1`. */
export function reportName(agent: string, id: string): string {
  const cleanAgent = agent
    .toLowerCase()
    .replace(/[^a-z0-9]/g, ' ')
    .trim()
    .replace(/ /g, '_');
  return `${cleanAgent}_case_${id.replaceAll('.', '_')}`;
}

/** Builds the index, keys sorted as the original sorts them: as plain strings. */
export function buildIndex(results: readonly CaseResult[]): Index {
  const index: Index = {};
  const sorted = [...results].sort(
    (a, b) => compare(a.agent, b.agent) || compare(a.entry.case.id, b.entry.case.id),
  );
  for (const result of sorted) {
    const { agent, behavior, behaviorClose, facts } = result;
    const { id } = result.entry.case;
    index[agent] ??= {};
    index[agent][id] = {
      behavior,
      behaviorClose,
      duration: Math.round(result.duration),
      remoteCloseCode: remoteCode(facts),
      reportfile: `${reportName(agent, id)}.json`,
    };
  }
  return index;
}

/** The original writes down an illegal code, for which it has failed the connection, as 1000. */
function remoteCode({ hasIllegalCloseCode, remoteCloseCode }: CloseFacts): number | null {
  return hasIllegalCloseCode ? 1000 : (remoteCloseCode ?? null);
}

/** Writes an object as the original does: three spaces, keys sorted at every level. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, sortKeys, 3)}\n`;
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => compare(a, b)));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Everything about one case of one agent. */
export function buildCaseReport(result: CaseResult): Record<string, unknown> {
  const { entry, facts, log } = result;
  const { case: theCase } = entry;
  return {
    agent: result.agent,
    id: theCase.id,
    case: result.number,
    description: theCase.description,
    expectation: theCase.expectation,
    started: result.started.toISOString(),
    duration: Math.round(result.duration),
    behavior: result.behavior,
    behaviorClose: result.behaviorClose,
    result: result.result,
    resultClose: result.resultClose,
    expected: expectedEvents(result),
    expectedClose: {
      closedByMe: theCase.close.closedByMe,
      closeCode: theCase.close.codes,
      requireClean: theCase.close.requireClean,
      ...(theCase.close.wrongEndIsFatal === true ? { closedByWrongEndpointIsFatal: true } : {}),
    },
    received: result.received,
    isServer: result.isServer,
    ...closeFields(result),
    wasOpenHandshakeTimeout: result.wasOpenHandshakeTimeout,
    localCloseCode: facts.localCloseCode ?? null,
    localCloseReason: facts.localCloseReason ?? null,
    remoteCloseCode: remoteCode(facts),
    remoteCloseReason: facts.remoteCloseReason ?? null,
    httpRequest: result.httpRequest,
    httpResponse: result.httpResponse,
    reportTime: theCase.reportTime ?? false,
    reportCompressionRatio: theCase.reportCompressionRatio ?? false,
    createStats: true,
    rxOctetStats: countsObject(log.rxOctets),
    txOctetStats: countsObject(log.txOctets),
    rxFrameStats: countsObject(log.rxFrames),
    txFrameStats: countsObject(log.txFrames),
    trafficStats: result.trafficStats,
    createWirelog: log.isOn,
    wirelog: log.entries.flatMap(wirelogEntry),
  };
}

function closeFields({ facts }: CaseResult): Record<string, unknown> {
  return {
    closedByMe: facts.closedByMe,
    failedByMe: facts.failedByMe,
    droppedByMe: facts.droppedByMe,
    wasClean: facts.wasClean,
    wasNotCleanReason: facts.wasNotCleanReason ?? null,
    wasCloseHandshakeTimeout: facts.wasCloseHandshakeTimeout,
    wasServerConnectionDropTimeout: facts.wasServerConnectionDropTimeout,
  };
}

function expectedEvents({ entry }: CaseResult): Record<string, unknown> {
  const { expected, act } = entry.case;
  // Cases that act judge by themselves: the original lists nothing for them.
  if (act !== undefined) return {};
  const texts = (events: readonly RecordedEvent[]): unknown => events.map(eventText);
  const tolerated = expected['NON-STRICT'];
  return {
    OK: texts(expected.OK),
    ...(tolerated === undefined ? {} : { 'NON-STRICT': texts(tolerated) }),
  };
}

function countsObject(counts: Counts): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a], [b]) => a - b));
}

/** Octets for people: hexadecimal, cut like a payload. */
function hexText(preview: Buffer, length: number): string {
  return length > PREVIEW_BYTES - 4 ? `${preview.toString('hex')} ...` : preview.toString('hex');
}

/** One line of the log in the original's shorthand; notes, pieces and contents have none there. */
function wirelogEntry(entry: LogEntry): unknown[] {
  switch (entry.kind) {
    case 'octets': {
      const octets = [entry.length, hexText(entry.preview, entry.length)];
      return [entry.isOut ? ['TO', octets, entry.sync] : ['RO', octets]];
    }
    case 'frame': {
      const { header } = entry;
      // A head whose payload is sent in pieces: the original has nothing but their octets.
      if (entry.isOut && entry.previewOf === 0 && header.payloadLength > 0) return [];
      const payload = [entry.previewOf, payloadText(entry.preview, entry.previewOf)];
      const mask = header.masked ? header.maskingKey.toString(16).padStart(8, '0') : null;
      const common = [payload, header.opcode, header.fin, header.rsv];
      if (!entry.isOut) return [['RF', ...common, header.masked, mask]];
      const repeat = entry.repeatLength ?? null;
      return [['TF', ...common, mask, repeat, entry.chop ?? null, entry.sync]];
    }
    case 'timer':
      return [timerEntry(entry)];
    case 'switch':
      return [['WLM', entry.isOn]];
    case 'piece':
    case 'content':
    case 'note':
      return [];
  }
}

function timerEntry({ name, seconds, tag }: Extract<LogEntry, { kind: 'timer' }>): unknown[] {
  const isSet = seconds !== undefined;
  switch (name) {
    case 'wait':
      return isSet ? ['CT', seconds, tag ?? null] : ['CTE', tag ?? null];
    case 'kill-after':
      return isSet ? ['KL', seconds] : ['KLE'];
    case 'close-after':
      return isSet ? ['TI', seconds] : ['TIE'];
  }
}
