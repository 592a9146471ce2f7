/**
 * What a parsed request says about the opening handshake, field by field [RFC 6455 §4.2.1].
 *
 * The request may come from `barewire/http`, from `node:http` or from HTTP/2: it is described by
 * what is asked of it. How the answers are to be taken is the business of server-handshake.ts.
 */
import { equalsIgnoringCase, ProtocolError, trimOws } from '../base/index.ts';
import { isHandshakeKey } from './accept-key.ts';

/** The fields of a parsed message, by case-blind name. */
export interface FieldLookup {
  /** All values joined with ", "; `undefined` when there is no such field. */
  get(name: string): string | undefined;
  /** Each line's value. */
  getAll(name: string): readonly string[];
}

/** A parsed request: what `barewire/http` delivers, or an adapter of another parser. */
export interface UpgradeRequest {
  readonly method: string;
  /** The request target; `:path` on HTTP/2. */
  readonly target: string;
  /** `1.1`, or `2.0` on HTTP/2. */
  readonly version: string;
  readonly fields: FieldLookup;
  /** `:protocol` of an extended CONNECT. */
  readonly protocol?: string | undefined;
  /** `:scheme` of an extended CONNECT. */
  readonly scheme?: string | undefined;
  /**
   * Authority of an absolute target; `:authority` on HTTP/2, where it takes the place of `Host`.
   */
  readonly authority?: string | undefined;
}

/**
 * The authority that counts: that of the target if it has one, else `Host`.
 *
 * @throws ProtocolError `handshake-host` unless there is exactly one, and for an `:authority` that
 *   is empty.
 */
export function readHost({ authority, target, fields, protocol }: UpgradeRequest): string {
  if (protocol !== undefined && authority !== undefined) {
    // It counts alone, and must not be empty [RFC 9113 §8.3.1]; Host need not be there.
    if (authority === '') throw new ProtocolError('handshake-host', 'an empty :authority');
    return authority;
  }
  const hosts = fields.getAll('host');
  if (hosts.length !== 1) throw new ProtocolError('handshake-host', `${hosts.length} Host fields`);
  const absolute = /^[a-z][-+.0-9a-z]*:\/\/([^/?#]*)/i.exec(target);
  return authority ?? absolute?.[1] ?? hosts[0]!; // [RFC 9112 §3.2.2]
}

/**
 * A body in front of the first frame would be read as frames by somebody else.
 *
 * @throws ProtocolError `handshake-with-body`.
 */
export function checkNoBody(fields: FieldLookup): void {
  const length = fields.get('content-length');
  if (
    fields.get('transfer-encoding') !== undefined ||
    (length !== undefined && !/^0+$/.test(length))
  ) {
    throw new ProtocolError('handshake-with-body');
  }
}

/**
 * The one key that is 16 bytes in base64 [RFC 6455 §11.3.1, §4.2.1 (5)].
 *
 * @throws ProtocolError `handshake-key`.
 */
export function readKey(fields: FieldLookup): string {
  const keys = fields.getAll('sec-websocket-key');
  if (keys.length !== 1) throw new ProtocolError('handshake-key', `${keys.length} keys`);
  const key = trimOws(keys[0]!);
  if (!isHandshakeKey(key)) throw new ProtocolError('handshake-key');
  return key;
}

/**
 * The origin of the page behind the request; `undefined` when there is none [RFC 6455 §10.2].
 *
 * @throws ProtocolError `handshake-origin` for several.
 */
export function readOrigin(fields: FieldLookup): string | undefined {
  const origins = fields.getAll('origin');
  if (origins.length > 1) throw new ProtocolError('handshake-origin', 'more than one Origin');
  return origins[0] === undefined ? undefined : trimOws(origins[0]);
}

/** Looks for a list element without regard to case, as upgrade tokens and options are compared. */
export function hasListElement(value: string | undefined, wanted: string): boolean {
  if (value === undefined) return false;
  if (equalsIgnoringCase(value, wanted)) return true; // Most lists are short.
  return value.split(',').some((element) => equalsIgnoringCase(trimOws(element), wanted));
}
