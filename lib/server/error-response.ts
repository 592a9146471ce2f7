/**
 * What a client is told that broke a rule: the status, the code of the rule and where it stands, so
 * that whoever reads the answer knows what to mend [RFC 9110 §15.5]. Nothing about the server.
 */
import { HandshakeRejected, ProtocolError } from '../base/index.ts';
import { type FieldsInit, ResponseWriter, reasonPhrase } from '../http/index.ts';

/** An answer to a failure. */
export interface FailureAnswer {
  readonly status: number;
  readonly text: string;
  readonly fields: FieldsInit;
}

/** Returns the answer that an error asks for; `undefined` when it is no fault of the client. */
export function answerToFailure(error: unknown): FailureAnswer | undefined {
  if (error instanceof HandshakeRejected) {
    return { status: error.status, text: error.message, fields: error.headers };
  }
  if (!(error instanceof ProtocolError) || error.status === undefined) return undefined;
  const { status, code, source } = error;
  // Only here may a 415 say so, and here it ought to [RFC 9110 §12.5.3].
  const fields = code === 'unsupported-content-coding' ? { 'accept-encoding': 'identity' } : {};
  return { status, text: `${status} ${reasonPhrase(status)}: ${code} [${source}]`, fields };
}

/** Writes the last response of a connection on which no request can be read any more. Latin-1. */
export function formatErrorResponse(error: ProtocolError, date: () => string): string {
  const { status, text } = answerToFailure(error) ?? { status: 400, text: error.code };
  const writer = new ResponseWriter({ method: 'GET', version: '1.1' }, date);
  const body = `${text.replaceAll('§', '')}\n`;
  const contentType = 'text/plain; charset=us-ascii';
  return writer.head(status, {}, body.length, { keepAlive: false, contentType }) + body;
}
