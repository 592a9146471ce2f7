/**
 * The violation table: every rule whose breach ends a conversation, with the answer it gets.
 *
 * One row a rule. The key is the stable code that users see in `ProtocolError.code` and in close
 * reports; codes are public API and never change their meaning. A row says what the peer is told:
 * `closeCode` on a WebSocket connection [RFC 6455 §7.4.1], `status` on HTTP [RFC 9110 §15], and
 * `source`, where the rule stands. Rows are grouped by the chapter that raises them.
 */

/** One row: where the rule stands and what the peer that broke it is told. */
export interface Violation {
  /** Close code sent when the rule is broken on a WebSocket connection (1002 – 1011). */
  readonly closeCode?: number;
  /** Status code sent when the rule is broken in an HTTP message (400 – 505). */
  readonly status?: number;
  /** The section the rule stands in, as `RFC n §s` or `HTML §s`, or `limit` for our own limits. */
  readonly source: string;
}

const defineViolations = <Code extends string>(
  table: Record<Code, Violation>,
): Readonly<Record<Code, Violation>> => {
  for (const row of Object.values<Violation>(table)) Object.freeze(row);
  return Object.freeze(table);
};

/** Every violation by its code. */
export const VIOLATIONS = defineViolations({
  // lib/codec: frames
  'reserved-opcode': { closeCode: 1002, source: 'RFC 6455 §5.2' },
  'reserved-bit': { closeCode: 1002, source: 'RFC 6455 §5.2' },
  'frame-not-masked': { closeCode: 1002, source: 'RFC 6455 §5.1' },
  'frame-masked': { closeCode: 1002, source: 'RFC 6455 §5.1' },
  'length-not-minimal': { closeCode: 1002, source: 'RFC 6455 §5.2' },
  'length-top-bit': { closeCode: 1002, source: 'RFC 6455 §5.2' },
  'control-frame-fragmented': { closeCode: 1002, source: 'RFC 6455 §5.5' },
  'control-frame-too-long': { closeCode: 1002, source: 'RFC 6455 §5.5' },
  'continuation-without-start': { closeCode: 1002, source: 'RFC 6455 §5.4' },
  'message-not-finished': { closeCode: 1002, source: 'RFC 6455 §5.4' },
  'close-payload-one-byte': { closeCode: 1002, source: 'RFC 6455 §5.5.1' },
  'close-code-invalid': { closeCode: 1002, source: 'RFC 6455 §7.4' },
  'close-reason-not-utf8': { closeCode: 1007, source: 'RFC 6455 §5.5.1' },
  'frame-too-large': { closeCode: 1009, source: 'limit' },

  // lib/connection: messages and their budget
  'text-not-utf8': { closeCode: 1007, source: 'RFC 6455 §8.1' },
  'message-too-large': { closeCode: 1009, source: 'limit' },
  'too-many-fragments': { closeCode: 1008, source: 'limit' },
  'message-timeout': { closeCode: 1008, source: 'limit' },
  'inflate-timeout': { closeCode: 1008, source: 'limit' },
  'pong-timeout': { closeCode: 1011, source: 'limit' },
  'idle-timeout': { closeCode: 1001, source: 'limit' },
  'close-timeout': { source: 'RFC 6455 §7.1.1' },
  'slow-consumer': { closeCode: 1008, source: 'limit' },
  'payload-gone': { closeCode: 1011, source: 'RFC 6455 §7.4.1' },

  // lib/deflate: compressed messages and the extension list
  'deflate-data-invalid': { closeCode: 1007, source: 'RFC 7692 §7.2.2' },
  'deflate-ratio-exceeded': { closeCode: 1009, source: 'limit' },
  'deflate-failed': { closeCode: 1011, source: 'RFC 6455 §7.4.1' },
  'extension-list-malformed': { status: 400, source: 'RFC 6455 §9.1' },
  'too-many-extensions': { status: 431, source: 'limit' },

  // lib/handshake: the opening handshake
  'handshake-method': { status: 405, source: 'RFC 6455 §4.1' },
  'handshake-http-version': { status: 400, source: 'RFC 6455 §4.1' },
  'handshake-not-upgrade': { status: 426, source: 'RFC 6455 §4.2.1' },
  'handshake-version': { status: 426, source: 'RFC 6455 §4.4' },
  'handshake-version-missing': { status: 400, source: 'RFC 6455 §4.2.1' },
  'handshake-key': { status: 400, source: 'RFC 6455 §4.2.1' },
  'handshake-subprotocol': { status: 400, source: 'RFC 6455 §4.1' },
  'handshake-with-body': { status: 400, source: 'RFC 6455 §4.1' },
  'handshake-host': { status: 400, source: 'RFC 6455 §4.2.1' },
  'handshake-origin': { status: 400, source: 'RFC 6454 §7.3' },
  'handshake-connect': { status: 400, source: 'RFC 8441 §4' },
  'handshake-protocol': { status: 501, source: 'RFC 8441 §5' },
  'bad-status': { source: 'RFC 6455 §4.1' },
  'bad-upgrade': { source: 'RFC 6455 §4.1' },
  'bad-connection': { source: 'RFC 6455 §4.1' },
  'bad-accept': { source: 'RFC 6455 §4.1' },
  'bad-extension': { closeCode: 1010, source: 'RFC 6455 §4.1' },
  'bad-subprotocol': { source: 'RFC 6455 §4.1' },

  // lib/http: messages
  'bare-lf': { status: 400, source: 'RFC 9112 §2.2' },
  'bare-cr': { status: 400, source: 'RFC 9112 §2.2' },
  'bad-request-line': { status: 400, source: 'RFC 9112 §3' },
  'bad-method': { status: 400, source: 'RFC 9112 §3.1' },
  'method-too-long': { status: 501, source: 'RFC 9112 §3.1' },
  'bad-target': { status: 400, source: 'RFC 9112 §3.2' },
  'target-too-long': { status: 414, source: 'RFC 9112 §3' },
  'bad-version': { status: 400, source: 'RFC 9112 §2.3' },
  'unsupported-version': { status: 505, source: 'RFC 9110 §15.6.6' },
  'bad-status-line': { source: 'RFC 9112 §4' },
  'status-line-too-long': { source: 'limit' },
  'unsolicited-response': { source: 'RFC 9112 §9.2' },
  'ws-after-start-line': { status: 400, source: 'RFC 9112 §2.2' },
  'ws-in-header-name': { status: 400, source: 'RFC 9112 §5.1' },
  'missing-colon': { status: 400, source: 'RFC 9112 §5' },
  'empty-header-name': { status: 400, source: 'RFC 9112 §5' },
  'bad-header-name': { status: 400, source: 'RFC 9110 §5.1' },
  'bad-header-value': { status: 400, source: 'RFC 9110 §5.5' },
  'obs-fold': { status: 400, source: 'RFC 9112 §5.2' },
  'headers-too-large': { status: 431, source: 'limit' },
  'too-many-headers': { status: 431, source: 'limit' },
  'missing-host': { status: 400, source: 'RFC 9112 §3.2' },
  'multiple-host': { status: 400, source: 'RFC 9112 §3.2' },
  'bad-host': { status: 400, source: 'RFC 9112 §3.2' },
  'bad-content-length': { status: 400, source: 'RFC 9112 §6.3' },
  'multiple-content-length': { status: 400, source: 'RFC 9112 §6.3' },
  'bad-transfer-encoding': { status: 400, source: 'RFC 9112 §6.1' },
  'unknown-transfer-coding': { status: 501, source: 'RFC 9112 §6.1' },
  'chunked-not-final': { status: 400, source: 'RFC 9112 §6.3' },
  'te-and-cl': { status: 400, source: 'RFC 9112 §6.3' },
  'te-http10': { status: 400, source: 'RFC 9112 §6.1' },
  'connect-with-body': { status: 400, source: 'RFC 9110 §9.3.6' },
  'bad-expect': { status: 417, source: 'RFC 9110 §10.1.1' },
  'bad-chunk-size': { status: 400, source: 'RFC 9112 §7.1' },
  'bad-chunk-ext': { status: 400, source: 'RFC 9112 §7.1.1' },
  'chunk-ext-too-large': { status: 413, source: 'RFC 9112 §7.1.1' },
  'bad-chunk-end': { status: 400, source: 'RFC 9112 §7.1' },
  'body-too-large': { status: 413, source: 'RFC 9110 §15.5.14' },
  'trailers-too-large': { status: 431, source: 'limit' },
  'forbidden-trailer': { status: 400, source: 'RFC 9110 §6.5.1' },
  'premature-eof': { status: 400, source: 'RFC 9112 §8' },

  // lib/sse: event streams
  'event-too-large': { source: 'limit' },

  // lib/client: deadlines
  'handshake-timeout': { source: 'limit' },

  // lib/server: deadlines and policy
  'head-timeout': { status: 408, source: 'RFC 9110 §15.5.9' },
  'body-timeout': { status: 408, source: 'RFC 9110 §15.5.9' },
  'body-not-utf8': { status: 400, source: 'RFC 3629 §3' },
  'body-not-json': { status: 400, source: 'RFC 8259 §2' },
  'unsupported-media-type': { status: 415, source: 'RFC 9110 §15.5.16' },
  'unsupported-content-coding': { status: 415, source: 'RFC 9110 §12.5.3' },
});

/** The stable code of a violation: a key of {@link VIOLATIONS}. */
export type ViolationCode = keyof typeof VIOLATIONS;
