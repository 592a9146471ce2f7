/**
 * The law of a request's head: what the fields together must be, and what they ask for
 * [RFC 9112 §3] [RFC 9112 §6] [RFC 9112 §9].
 *
 * Layout has been checked when this is called. It knows nothing of bytes, and nothing of the body but
 * how its end will be found.
 */
import { equalsIgnoringCase, ProtocolError } from '../base/index.ts';
import { isAuthority } from './authority.ts';
import { frameRequest, type RequestFraming, type Version } from './body-framing.ts';
import { ControlFields, listElements } from './control-fields.ts';
import type { Fields } from './fields.ts';
import type { HttpLimits } from './http-limits.ts';
import { hasElement, isPersistent } from './persistence.ts';
import type { TargetForm, TargetParts } from './request-target.ts';

/** A request's head. All of it is yours to keep. */
export interface RequestHead {
  /** As it came: methods are case-sensitive [RFC 9110 §9.1]. */
  readonly method: string;
  /** As it came: neither decoded nor normalised. */
  readonly target: string;
  readonly targetForm: TargetForm;
  /**
   * Host and port of an absolute-form target. Where it is given, the request is for this authority and
   * Host is ignored [RFC 9112 §3.2.2].
   */
  readonly authority: string | undefined;
  readonly version: Version;
  readonly fields: Fields;
  /** False: this is the last request of the connection, and the connection closes after its response. */
  readonly keepAlive: boolean;
  /** The client holds its body back until it sees 100 (Continue) [RFC 9110 §10.1.1]. */
  readonly expectContinue: boolean;
  /**
   * CONNECT, or an Upgrade field with the upgrade option: the bytes behind this request may be another
   * protocol, so the reader stops after it until it is told how to go on.
   */
  readonly wantsUpgrade: boolean;
  readonly framing: RequestFraming;
}

/** What the request line says. */
export interface RequestLineParts {
  readonly method: string;
  readonly target: string;
  readonly parts: TargetParts;
  readonly minor: number;
}

const control = new ControlFields();

/**
 * Checks a head against the rules that no single line can break, and tells what it asks for.
 *
 * @throws ProtocolError `missing-host`, `multiple-host`, `bad-host`, `connect-with-body`, `bad-expect`,
 *   and what `frameRequest` throws.
 */
export function readRequestHead(
  line: RequestLineParts,
  fields: Fields,
  limits: HttpLimits,
): RequestHead {
  const version = line.minor === 1 ? '1.1' : '1.0';
  control.pick(fields);
  checkHost(control.host, version);
  const framing = frameRequest(version, control, limits.maxBodyBytes);
  const isConnect = line.method === 'CONNECT';
  const hasBody = framing.kind === 'chunked' || (framing.kind === 'length' && framing.length > 0);
  // [RFC 9110 §9.3.6] Content of CONNECT means nothing, so it can only be a disagreement.
  if (isConnect && hasBody) throw new ProtocolError('connect-with-body');
  const options = listElements(control.connection);
  return {
    method: line.method,
    target: line.target,
    targetForm: line.parts.form,
    authority: line.parts.authority,
    version,
    fields,
    keepAlive: isPersistent(version, options),
    expectContinue: expectsContinue(version, control.expect) && hasBody,
    wantsUpgrade: isConnect || asksForUpgrade(version, options, control.upgrade),
    framing,
  };
}

function checkHost(values: readonly string[], version: Version): void {
  // [RFC 9112 §3.2] HTTP/1.0 knows no Host, but if there is one it must be good there too.
  if (values.length === 0) {
    if (version === '1.1') throw new ProtocolError('missing-host');
    return;
  }
  if (values.length > 1) throw new ProtocolError('multiple-host');
  // An empty value is what a target without an authority sends.
  if (values[0] !== '' && !isAuthority(values[0]!)) throw new ProtocolError('bad-host');
}

/** [RFC 9110 §10.1.1] Only 100-continue is defined, and HTTP/1.0 cannot mean it. */
function expectsContinue(version: Version, values: readonly string[]): boolean {
  if (version === '1.0' || values.length === 0) return false;
  const expectations = listElements(values);
  if (expectations.some((expectation) => !equalsIgnoringCase(expectation, '100-continue'))) {
    throw new ProtocolError('bad-expect');
  }
  return expectations.length > 0;
}

/** [RFC 9110 §7.8] Upgrade counts only with its connection option, and never in HTTP/1.0. */
function asksForUpgrade(
  version: Version,
  options: readonly string[],
  upgrade: readonly string[],
): boolean {
  return version === '1.1' && hasElement(options, 'upgrade') && listElements(upgrade).length > 0;
}
