/**
 * Faults to plant into the compiled sources, one small change each, to prove that a target would
 * notice: `npm run fuzz -- utf8 --fault utf8-surrogates` must find it.
 *
 * A chapter that changes may lose the place of a fault; the specs say so, and it is put elsewhere.
 */
import { CONNECTION_FAULTS } from './connection-faults.ts';
import type { PlantedFault } from './planted-fault.ts';
import { SERVER_FAULTS } from './server/faults.ts';

/** All faults by name. The specs plant each of them. */
export const FAULTS: Readonly<Record<string, PlantedFault>> = {
  ...CONNECTION_FAULTS,
  ...SERVER_FAULTS,
  'utf8-surrogates': {
    target: 'utf8',
    chapter: 'base',
    find: 'high = 0x9f',
    replace: 'high = 0xbf',
  },
  'mask-key-offset': {
    target: 'mask',
    chapter: 'codec',
    find: '(keyOffset & 3) * 8',
    replace: '(keyOffset & 1) * 8',
  },
  'frames-fragmented-control': {
    target: 'frame-reader',
    chapter: 'codec',
    find: 'if (!header.fin)',
    replace: 'if (!header.fin && header.payloadLength > 0)',
  },
  'frames-keeps-shared-memory': {
    target: 'frame-reader',
    chapter: 'codec',
    find: 'this.#sink.payload(input.bytes, at, end, isAscii, false);',
    replace: 'this.#sink.payload(input.bytes, at, end, isAscii, end - at > 1000);',
  },
  'frames-writes-to-the-lent': {
    target: 'frame-reader',
    chapter: 'codec',
    find: 'scratch.givenAway = given ? chunk : undefined;',
    replace: 'scratch.givenAway = chunk;',
    fastPath: 'frame-parser',
  },
  'frames-wait-behind-the-end': {
    target: 'frame-reader',
    chapter: 'codec',
    find: 'this.#waiting?.clear();',
    replace: ';',
  },
  'frames-inside-no-message': {
    target: 'frame-reader',
    chapter: 'codec',
    find: 'return this.#messageUnfinished;',
    replace: `return this.#phase !== 'header';`,
  },
  'messages-cut-code-point': {
    target: 'messages',
    chapter: 'connection',
    find: 'const fault = this.#body?.checkEnd();',
    replace: 'const fault = undefined;',
  },
  'request-name-with-parenthesis': {
    target: 'request-reader',
    chapter: 'base',
    find: `^_\`|~"`,
    replace: `^_\`|~(@"`,
  },
  'request-rest-cut': {
    target: 'request-reader',
    chapter: 'http',
    find: 'const rest = Buffer.concat(parts);',
    replace: 'const rest = Buffer.concat(parts).subarray(1);',
  },
  'request-fields-untidy': {
    target: 'request-reader',
    chapter: 'http',
    find: 'bytes[lineEnd - 1] <= SP',
    replace: 'bytes[lineEnd - 1] < SP',
    fastPath: 'field-section',
  },
  'response-fields-untidy': {
    target: 'response-reader',
    chapter: 'http',
    find: 'bytes[lineEnd - 1] <= SP',
    replace: 'bytes[lineEnd - 1] < SP',
    fastPath: 'field-section',
  },
  'request-repeats-no-upgrade': {
    target: 'request-reader',
    chapter: 'http',
    find: 'wantsUpgrade: head.wantsUpgrade',
    replace: 'wantsUpgrade: false',
    fastPath: 'repeated-section',
  },
  'request-lists-any-name': {
    target: 'request-reader',
    chapter: 'http',
    find: ' || !isName(text, start, NAMES[field])',
    replace: '',
  },
  // Refused by a code that is listed, and for no reason: Node reads it, and so should we.
  'request-host-without-port': {
    target: 'request-reader',
    chapter: 'http',
    find: 'portOf(text, hostEnd, end) !== undefined',
    replace: 'portOf(text, hostEnd, end) === 80',
  },
  'response-without-quotes': {
    target: 'response-reader',
    chapter: 'http',
    find: 'if (byte === QUOTE)\n                return QUOTED;',
    replace: ';',
  },
  'response-status-600': {
    target: 'response-reader',
    chapter: 'http',
    find: 'index === 9 && digit === 0',
    replace: 'index === 9 && (digit === 0 || digit > 5)',
  },
  'response-ends-too-soon': {
    target: 'response-reader',
    chapter: 'http',
    find: `framing.kind !== 'until-close' && isPersistent(version,`,
    replace: `framing.kind !== 'until-close' && version === '1.1' && isPersistent(version,`,
  },
  'response-to-head-with-body': {
    target: 'response-reader',
    chapter: 'http',
    find: `isUpgrade || method === 'HEAD'`,
    replace: 'isUpgrade',
  },
  'event-id-with-nul': {
    target: 'event-stream-reader',
    chapter: 'sse',
    find: `!this.#ids.read(bytes, start, end).includes('\\0')`,
    replace: 'this.#ids.read(bytes, start, end) !== undefined',
  },
  'negotiation-window': {
    target: 'extension-list',
    chapter: 'deflate',
    find: 'Math.min(offer.serverMaxWindowBits ?? 15, wishes.serverMaxWindowBits)',
    replace: 'wishes.serverMaxWindowBits',
  },
  'server-two-keys': {
    target: 'server-handshake',
    chapter: 'handshake',
    find: 'keys.length !== 1',
    replace: 'keys.length < 1',
  },
  'client-two-accepts': {
    target: 'client-handshake',
    chapter: 'handshake',
    find: 'accepts.length !== 1 || ',
    replace: '',
  },
  'extensions-two-accepted': {
    target: 'client-handshake',
    chapter: 'deflate',
    find: 'response.length > 1',
    replace: 'response.length > 2',
  },
  'extensions-wider-than-asked': {
    target: 'client-handshake',
    chapter: 'deflate',
    find: 'answer.serverMaxWindowBits > offer.serverMaxWindowBits',
    replace: 'false',
  },
  'extensions-bits-not-offered': {
    target: 'client-handshake',
    chapter: 'deflate',
    find: 'answer.clientMaxWindowBits === undefined || offer.clientMaxWindowBits !== undefined',
    replace: 'true',
  },
  'extensions-promise-not-asked-for': {
    target: 'client-handshake',
    chapter: 'deflate',
    find: 'offer.serverNoContextTakeover && !answer.serverNoContextTakeover',
    replace: 'false',
  },
  'extensions-own-promise-forgotten': {
    target: 'client-handshake',
    chapter: 'deflate',
    find: 'answer.clientNoContextTakeover || offer.clientNoContextTakeover',
    replace: 'answer.clientNoContextTakeover',
  },
  'inflate-half-a-block': {
    target: 'inflate',
    chapter: 'deflate',
    find: 'new Set([0, 4, 9])',
    replace: 'new Set([0, 1, 2, 3, 4, 9])',
  },
  'inflate-without-allowance': {
    target: 'inflate',
    chapter: 'deflate',
    find: 'Math.max(RATIO_FREE_BYTES, compressedBytes * maxInflateRatio)',
    replace: 'compressedBytes * maxInflateRatio',
  },
  'inflate-keeps-context': {
    target: 'inflate',
    chapter: 'deflate',
    find: 'if (!this.#options.keepsContext)',
    replace: 'if (false)',
  },
  'deflate-keeps-context': {
    target: 'message-codec',
    chapter: 'deflate',
    find: 'keepsContext: !parameters.serverNoContextTakeover',
    replace: 'keepsContext: true',
  },
  'deflate-client-window': {
    target: 'message-codec',
    chapter: 'deflate',
    find: 'windowBits: Math.min(windowBits, ',
    replace: `windowBits: Math.min(role === 'client' ? 15 : windowBits, `,
  },
};
