/**
 * Why a message is refused here that Node reads, by code, each with what there must be in its
 * bytes: whatever else is refused with such a code is refused for no reason.
 */
import { EXTENSIONS, FORBIDDEN, isHost, isTarget } from '../../spec/support/http-oracle.ts';
import type { Reason, Reasons, Refused } from './strictness.ts';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const MAX_HEADERS = 128;
const MAX_TRAILERS = 64;
const MAX_BODY_BYTES = 1024 * 1024;

const CODINGS = 'transfer-encoding';
const isCoded = (refused: Refused): boolean => refused.values(CODINGS).length > 0;
const isConnect = ({ startLine }: Refused): boolean => /^CONNECT /.test(startLine);
/** As Node understands it, who takes Proxy-Connection for Connection. */
const asksForUpgrade = (refused: Refused): boolean =>
  ['connection', 'proxy-connection'].some((name) => refused.elements(name).includes('upgrade')) &&
  refused.values('upgrade').length > 0;
const hasNoToken = (refused: Refused): boolean =>
  refused.elements(CODINGS).some((coding) => !TOKEN.test(coding));

/** What goes wrong behind a first line, in the same way with both kinds of messages. */
const BOTH: Reasons = {
  'te-and-cl': {
    why: 'Node takes an empty Transfer-Encoding for none [RFC 9112 §6.1]',
    when: (refused) =>
      isCoded(refused) &&
      refused.values(CODINGS).every((value) => value === '') &&
      refused.values('content-length').length > 0,
  },
  'bad-transfer-encoding': {
    why: 'Node looks for chunked at the end of the list, and not at the rest [RFC 9112 §6.1]',
    when: hasNoToken,
  },
  'unknown-transfer-coding': {
    why: 'Node knows none but chunked, and reads others [RFC 9112 §6.1]',
    when: (refused) => {
      const codings = refused.elements(CODINGS);
      return (
        codings.every((name) => TOKEN.test(name)) && codings.some((name) => name !== 'chunked')
      );
    },
  },
  'bad-chunk-ext': {
    why: 'Node reads empty names and values of extensions [RFC 9112 §7.1.1]',
    when: ({ chunkLines }) =>
      chunkLines.some((line) => !EXTENSIONS.test(line.replace(/^[0-9a-f]+/i, ''))),
  },
  'bad-chunk-size': {
    why: 'Node takes any number of zeros before a size [RFC 9112 §7.1]',
    when: ({ chunkLines }) => chunkLines.some((line) => /^0[0-9a-f]{16}/i.test(line)),
  },
  'too-many-headers': {
    why: 'Node counts bytes, and not lines as well',
    when: ({ message }) => message.lines.length > 2 * MAX_HEADERS,
  },
  'trailers-too-large': {
    why: 'Node counts bytes, and not lines as well',
    when: ({ trailerNames }) => trailerNames.length > MAX_TRAILERS,
  },
  'forbidden-trailer': {
    why: 'Node reports trailers of any name [RFC 9110 §6.5.1]',
    when: ({ trailerNames }) => trailerNames.some((name) => FORBIDDEN.test(name)),
  },
};

const chunkedInOld = (version: RegExp): Reason => ({
  why: 'Node reads codings in HTTP/1.0 [RFC 9112 §6.1]',
  when: (refused) => version.test(refused.startLine) && isCoded(refused),
});

/** Why a request is refused here that Node accepts. */
export const STRICTER_REQUESTS: Reasons = {
  ...BOTH,
  'te-http10': chunkedInOld(/ HTTP\/1\.0$/),
  'missing-host': {
    why: 'Node leaves Host to its server [RFC 9112 §3.2]',
    when: (refused) =>
      / HTTP\/1\.1$/.test(refused.startLine) && refused.values('host').length === 0,
  },
  'multiple-host': {
    why: 'Node leaves Host to its server [RFC 9112 §3.2]',
    when: (refused) => refused.values('host').length > 1,
  },
  'bad-host': {
    why: 'Node does not look at the value of Host [RFC 9112 §3.2]',
    when: (refused) => refused.values('host').length === 1 && !refused.values('host').every(isHost),
  },
  'bad-expect': {
    why: 'Node leaves Expect to its server [RFC 9110 §10.1.1]',
    when: (refused) =>
      / HTTP\/1\.1$/.test(refused.startLine) &&
      refused.elements('expect').some((element) => !/^(?:100-continue)?$/.test(element)),
  },
  'unsupported-version': {
    why: 'Node reads HTTP/0.9 and HTTP/2.0 as if they were HTTP/1.1 [RFC 9110 §15.6.6]',
    when: ({ startLine }) => / HTTP\/(?:0\.9|2\.0)$/.test(startLine),
  },
  'bad-version': {
    why: 'Node reads the requests of RTSP and of Icecast, too [RFC 9112 §2.3]',
    when: ({ startLine }) => / (?:RTSP|ICE)\/\d\.\d$/.test(startLine),
  },
  'bad-target': {
    why: 'Node checks characters, not forms, and lets a fragment be [RFC 9112 §3.2]',
    when: ({ startLine }) => {
      const [, method, target] = /^(\S+) +(\S+)/.exec(startLine) ?? [];
      return target !== undefined && (target.includes('#') || !isTarget(method!, target));
    },
  },
  'bad-request-line': {
    why: 'Node accepts HTTP/0.9, a target and nothing else, and several spaces [RFC 9112 §3]',
    when: ({ startLine }) => /^\S+ (?:\S*$| )|^\S+ \S+ {2}/.test(startLine),
  },
  'bare-cr': {
    why: 'Node skips CR before a request line [RFC 9112 §2.2]',
    when: ({ lineEnds }) => /\r(?!\n)/.test(lineEnds),
  },
  'bare-lf': {
    why: 'Node skips LF before a request line, and behind HTTP/0.9 [RFC 9112 §2.2]',
    when: ({ lineEnds, startLine, startLineEnd }) =>
      /(?<!\r)\n/.test(lineEnds) || (/^\S+ \S*$/.test(startLine) && startLineEnd.startsWith('\n')),
  },
  'connect-with-body': {
    why: 'Node ignores the framing of CONNECT [RFC 9110 §9.3.6]',
    when: (refused) =>
      isConnect(refused) && (isCoded(refused) || Number(refused.values('content-length')[0]) > 0),
  },
  'body-too-large': {
    why: 'Node ignores the framing of CONNECT [RFC 9110 §9.3.6]',
    when: (refused) =>
      isConnect(refused) && Number(refused.values('content-length')[0]) > MAX_BODY_BYTES,
  },
  'chunked-not-final': {
    why: 'Node hands over behind CONNECT and Upgrade, whatever the coding [RFC 9112 §6.3]',
    when: (refused) =>
      (isConnect(refused) || asksForUpgrade(refused)) &&
      isCoded(refused) &&
      refused.elements(CODINGS).at(-1) !== 'chunked',
  },
};

/** What no reason may hold, though Node reads it. */
const NO_REASON = /[\0-\x08\x0a-\x1f\x7f]/;

/** Why a response is refused here that Node accepts. */
export const STRICTER_RESPONSES: Reasons = {
  ...BOTH,
  'te-http10': chunkedInOld(/^HTTP\/1\.0 /),
  'bad-transfer-encoding': {
    why: 'Node looks for chunked at the end of the list, and reads several [RFC 9112 §6.1]',
    when: (refused) =>
      hasNoToken(refused) ||
      refused.elements(CODINGS).filter((coding) => coding === 'chunked').length > 1,
  },
  'unsolicited-response': {
    why: 'Node is not told what was asked [RFC 9112 §9.2]',
    when: ({ before, asked }) => before.filter(({ status }) => status >= 200).length >= asked,
  },
  'unsupported-version': {
    why: 'Node reads HTTP/0.9 and HTTP/2.0 as if they were HTTP/1.1 [RFC 9110 §2.5]',
    when: ({ startLine }) => /^HTTP\/(?:0\.9|2\.0) /.test(startLine),
  },
  'bad-status-line': {
    why: 'Node takes RTSP and Icecast, codes below 100, any reason, and skips lines [RFC 9112 §4]',
    when: ({ lineEnds, startLine }) =>
      lineEnds.startsWith('\r') ||
      /^(?:HTTP\/1\.[01] 0|(?:RTSP|ICE)\/\d\.\d )/.test(startLine) ||
      NO_REASON.test(startLine),
  },
  'bare-cr': {
    why: 'Node takes CR CR for the end of a status line [RFC 9112 §2.2]',
    when: ({ startLineEnd }) => startLineEnd.startsWith('\r\r'),
  },
  'bare-lf': {
    why: 'Node skips LF before a status line [RFC 9112 §2.2]',
    when: ({ lineEnds }) => lineEnds.startsWith('\n'),
  },
};
