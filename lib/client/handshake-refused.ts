/**
 * The answer was an HTTP response, not an open connection: the server, or a proxy on the way, said
 * no [RFC 6455 §4.1, RFC 9110 §15].
 */
import type { Fields, ResponseHead } from '../http/index.ts';

/** Rejects a connection attempt with everything the refusal said. */
export class HandshakeRefused extends Error {
  override readonly name = 'HandshakeRefused';
  /** Stable code. */
  readonly code = 'handshake-refused';
  /** Who answered. */
  readonly by: 'server' | 'proxy';
  /** The status of the response; anything but 101. */
  readonly status: number;
  /** The reason phrase; may be empty. */
  readonly reason: string;
  /** The fields of the response, such as `www-authenticate`, `retry-after` or `location`. */
  readonly fields: Fields;
  /** The first bytes of its body, 4 KiB at most. */
  readonly body: Buffer;

  /** @param detail for people: why a redirect was not followed. */
  constructor(
    by: 'server' | 'proxy',
    head: Pick<ResponseHead, 'status' | 'reason' | 'fields'>,
    body: Buffer,
    detail = '',
  ) {
    const suffix = detail === '' ? '' : ` (${detail})`;
    super(`the ${by} answered ${head.status} ${head.reason}`.trimEnd() + suffix);
    this.by = by;
    this.status = head.status;
    this.reason = head.reason;
    this.fields = head.fields;
    this.body = body;
  }
}
