/**
 * The law of a response's head [RFC 9112 §6.3]: whether there is a body depends on the request that
 * it answers and on the status, before any field is asked.
 *
 * Layout has been checked when this is called. It knows nothing of bytes.
 */
import { type BodyFraming, frameResponse, NO_BODY, type Version } from './body-framing.ts';
import { CONNECTION } from './control-fields.ts';
import type { Fields } from './fields.ts';
import type { HeadScan } from './head-scan.ts';
import type { HttpLimits } from './http-limits.ts';
import { isPersistent } from './lists.ts';
import type { StatusLine } from './status-line.ts';

/** A response's head. All of it is yours to keep. */
export interface ResponseHead {
  /** 100 – 999; a class that does not exist is to be taken for a server error [RFC 9110 §15]. */
  readonly status: number;
  /** The reason phrase, often empty; nothing depends on it. */
  readonly reason: string;
  readonly version: Version;
  readonly fields: Fields;
  /** False: this is the last response of the connection. */
  readonly keepAlive: boolean;
  /**
   * 1xx other than 101: the final response is still to come, and no `end` is reported for this one.
   */
  readonly isInterim: boolean;
  /** 101, or 2xx to CONNECT: the bytes behind the head are another protocol; the reader pauses. */
  readonly isUpgrade: boolean;
  readonly framing: BodyFraming;
}

/**
 * Decides what a response is and how its body ends.
 *
 * @param method of the request that it answers.
 * @throws ProtocolError what `frameResponse` throws, for a response that may have a body.
 */
export function readResponseHead(
  scan: HeadScan<StatusLine>,
  method: string,
  limits: HttpLimits,
): ResponseHead {
  const { line, text, control } = scan;
  const version = line.minor === 1 ? '1.1' : '1.0';
  const { status } = line;
  const isUpgrade = status === 101 || (method === 'CONNECT' && status >= 200 && status < 300);
  const framing = hasBody(status, method, isUpgrade)
    ? frameResponse(version, control, text, limits.maxBodyBytes)
    : NO_BODY;
  return {
    status,
    reason: text.substring(line.reasonStart, line.reasonEnd),
    version,
    fields: scan.fields(),
    keepAlive:
      framing.kind !== 'until-close' && isPersistent(version, control.value(CONNECTION, text)),
    isInterim: status < 200 && !isUpgrade,
    isUpgrade,
    framing,
  };
}

/** [RFC 9112 §6.3] These end at the empty line whatever their fields say. */
function hasBody(status: number, method: string, isUpgrade: boolean): boolean {
  return !(isUpgrade || method === 'HEAD' || status < 200 || status === 204 || status === 304);
}
