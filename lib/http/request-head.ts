/**
 * The law of a request's head: what the fields together must be, and what they ask for
 * [RFC 9112 §3] [RFC 9112 §6] [RFC 9112 §9].
 *
 * Layout has been checked when this is called. It knows nothing of bytes, and nothing of the body
 * but how its end will be found.
 */
import { equalsIgnoringCase, ProtocolError } from '../base/index.ts';
import { isAuthority } from './authority.ts';
import { frameRequest, type RequestFraming, type Version } from './body-framing.ts';
import { CONNECTION, type ControlFields, EXPECT, HOST, UPGRADE } from './control-fields.ts';
import type { Fields } from './fields.ts';
import type { HeadScan } from './head-scan.ts';
import type { HttpLimits } from './http-limits.ts';
import { hasElement, isPersistent, listElements } from './lists.ts';
import type { RequestLine } from './request-line.ts';
import type { TargetForm } from './request-target.ts';

/** A request's head. All of it is yours to keep. */
export interface RequestHead {
  /** As it came: methods are case-sensitive [RFC 9110 §9.1]. */
  readonly method: string;
  /** As it came: neither decoded nor normalised. */
  readonly target: string;
  readonly targetForm: TargetForm;
  /**
   * Host and port of an absolute-form target. Where it is given, the request is for this authority
   * and Host is ignored [RFC 9112 §3.2.2].
   */
  readonly authority: string | undefined;
  readonly version: Version;
  readonly fields: Fields;
  /**
   * False: this is the last request of the connection, and the connection closes after its
   * response.
   */
  readonly keepAlive: boolean;
  /** The client holds its body back until it sees 100 (Continue) [RFC 9110 §10.1.1]. */
  readonly expectContinue: boolean;
  /**
   * CONNECT, or an Upgrade field with the upgrade option: the bytes behind this request may be
   * another protocol, so the reader stops after it until it is told how to go on.
   */
  readonly wantsUpgrade: boolean;
  readonly framing: RequestFraming;
}

/**
 * Checks a head against the rules that no single line can break, and tells what it asks for.
 *
 * @throws ProtocolError `missing-host`, `multiple-host`, `bad-host`, `connect-with-body`,
 *   `bad-expect`, and what `frameRequest` throws.
 */
export function readRequestHead(scan: HeadScan<RequestLine>, limits: HttpLimits): RequestHead {
  const { line, text, control } = scan;
  const version = line.minor === 1 ? '1.1' : '1.0';
  const method = text.substring(0, line.methodEnd);
  checkHost(control, text, version);
  const framing = frameRequest(version, control, text, limits.maxBodyBytes);
  const isConnect = method === 'CONNECT';
  const hasBody = framing.kind === 'chunked' || (framing.kind === 'length' && framing.length > 0);
  // [RFC 9110 §9.3.6] Content of CONNECT means nothing, so it can only be a disagreement.
  if (isConnect && hasBody) throw new ProtocolError('connect-with-body');
  return {
    method,
    target: text.substring(line.methodEnd + 1, line.targetEnd),
    targetForm: line.target.form,
    authority: line.target.authority,
    version,
    fields: scan.fields(),
    keepAlive: isPersistent(version, control.value(CONNECTION, text)),
    expectContinue: expectsContinue(version, control, text) && hasBody,
    wantsUpgrade: isConnect || asksForUpgrade(version, control, text),
    framing,
  };
}

/** Makes the head of a request whose line is plain and whose fields are those of another one. */
export function repeatRequestHead(scan: HeadScan<RequestLine>, head: RequestHead): RequestHead {
  const { line, text } = scan;
  const method = text.substring(0, line.methodEnd);
  const target = text.substring(line.methodEnd + 1, line.targetEnd);
  return {
    method,
    target,
    targetForm: head.targetForm,
    authority: undefined,
    version: head.version,
    fields: head.fields,
    keepAlive: head.keepAlive,
    expectContinue: head.expectContinue,
    wantsUpgrade: head.wantsUpgrade,
    framing: head.framing,
  };
}

function checkHost(control: ControlFields, text: string, version: Version): void {
  const count = control.count(HOST);
  if (count === 0) {
    // [RFC 9112 §3.2] HTTP/1.0 knows no Host, but if there is one it must be good there too.
    if (version === '1.1') throw new ProtocolError('missing-host');
    return;
  }
  if (count > 1) throw new ProtocolError('multiple-host');
  const start = control.startOf(HOST);
  const end = control.endOf(HOST);
  // An empty value is what a target without an authority sends.
  if (start !== end && !isAuthority(text, start, end)) throw new ProtocolError('bad-host');
}

/** [RFC 9110 §10.1.1] Only 100-continue is defined, and HTTP/1.0 cannot mean it. */
function expectsContinue(version: Version, control: ControlFields, text: string): boolean {
  if (control.count(EXPECT) === 0 || version === '1.0') return false;
  const expectations = listElements(control.value(EXPECT, text)!);
  if (expectations.some((expectation) => !equalsIgnoringCase(expectation, '100-continue'))) {
    throw new ProtocolError('bad-expect');
  }
  return expectations.length > 0;
}

/** [RFC 9110 §7.8] Upgrade counts only with its connection option, and never in HTTP/1.0. */
function asksForUpgrade(version: Version, control: ControlFields, text: string): boolean {
  if (control.count(UPGRADE) === 0 || version === '1.0') return false;
  if (!hasElement(control.value(CONNECTION, text), 'upgrade')) return false;
  return listElements(control.value(UPGRADE, text)!).length > 0;
}
