/**
 * Whose fault is it? Three classes answer that, and one table answers everything else.
 *
 * - {@link ProtocolError}: the peer broke a rule. Never thrown out of a core: it is reported once.
 * - {@link UsageError}: the caller broke a rule of this library. Thrown at once; nothing changed.
 * - {@link HandshakeRejected}: nobody broke a rule; a policy said no.
 *
 * `code` is public API. Message texts are for people and may change at any time.
 */
import { missingField } from './response-rules.ts';
import { VIOLATIONS, type ViolationCode } from './violations.ts';

/** The peer broke a rule of the protocol, or ran into one of our limits. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  /** Stable code: a key of the violation table. */
  readonly code: ViolationCode;
  /** Close code that the peer is told on a WebSocket connection, where the rule has one. */
  readonly closeCode: number | undefined;
  /** Status code that the peer is told on HTTP, where the rule has one. */
  readonly status: number | undefined;
  /** The section that states the rule. */
  readonly source: string;

  /**
   * Names the rule that was broken.
   *
   * @param code key of the violation table; close code, status and source come from its row.
   * @param detail what was seen, for people; appended to the message.
   */
  constructor(code: ViolationCode, detail?: string, options?: { cause?: unknown }) {
    const row = VIOLATIONS[code];
    const suffix = detail === undefined ? '' : `: ${detail}`;
    super(`${code}${suffix} [${row.source}]`, options);
    this.code = code;
    this.closeCode = row.closeCode;
    this.status = row.status;
    this.source = row.source;
  }
}

/** What the caller did wrong. */
export type UsageCode =
  | 'invalid-argument'
  | 'invalid-option'
  | 'invalid-state'
  | 'invalid-header'
  | 'invalid-close-code'
  | 'already-answered'
  | 'already-reading'
  | 'hijacked'
  | 'not-supported';

/**
 * The caller used the library wrongly: a bad argument, a bad option, or a call that comes too late.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Stable code. */
  readonly code: UsageCode;

  /** Names what was wrong and, in `message`, what would have been right. */
  constructor(code: UsageCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A policy refused an opening handshake: wrong origin, no permission, too many connections. */
export class HandshakeRejected extends Error {
  override readonly name = 'HandshakeRejected';
  /** Stable code. */
  readonly code = 'handshake-rejected';
  /** Status code of the refusal, 300 – 599: a redirect is one, too [RFC 6455 §4.2.2]. */
  readonly status: number;
  /**
   * Further fields of the refusal, such as `location` or `retry-after`: a copy of what was given.
   */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * Refuses a handshake.
   *
   * @throws UsageError `invalid-argument` when `status` is not an integer of 300 – 599;
   *   `invalid-header` when it demands a field that is missing or empty: `www-authenticate` for
   *   401, `allow` for 405 (may be empty), `proxy-authenticate` for 407, `upgrade` for 426
   *   [RFC 9110 §15.5]. 403 demands none.
   */
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    if (!Number.isInteger(status) || status < 300 || status > 599) {
      throw new UsageError('invalid-argument', `status must be 300 – 599, not ${status}`);
    }
    const owed = missingField(status, headers);
    if (owed !== undefined) {
      throw new UsageError('invalid-header', `${status} must have ${owed.name} [${owed.source}]`);
    }
    super(message);
    this.status = status;
    this.headers = Object.freeze({ ...headers });
  }
}
