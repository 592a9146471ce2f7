/**
 * What becomes of an exchange when its handler returns, resolves or throws.
 *
 * | the handler | answer not begun | answer begun |
 * |---|---|---|
 * | returns a function | it is a clean-up, as with `onClose` | the same |
 * | returns anything else | the exchange waits: somebody may answer later | nothing |
 * | throws its client's fault (of its body), or `HandshakeRejected` | its status | cut |
 * | throws anything else | 500, reported | cut, reported |
 * | throws after the client has gone | nothing; reported unless it is an `AbortError` | the same |
 * | throws after it has ended its side | 500; reported unless an `AbortError` | the same |
 * | throws after the answer is complete | – | nothing; reported unless it is an `AbortError` |
 *
 * Cut means: no final chunk, so that the client sees a truncated body and never a false end.
 * The exception is an answer whose end is that of the connection, as to HTTP/1.0, on a unix socket:
 * it cannot be reset. nginx speaks HTTP/1.0 to such unless told `proxy_http_version 1.1`.
 *
 * A `ProtocolError` says that a peer broke a rule, and not which one: what a handler's own client
 * throws about an upstream is no fault of whoever has sent the request, and is reported.
 */
import { isThenable, ProtocolError } from '../base/index.ts';
import { answerToFailure } from './error-response.ts';
import type { Exchange } from './exchange.ts';
import type { Cleanup } from './exchange-life.ts';

/** Calls a handler. Never throws. */
export function runHandler(
  exchange: Exchange,
  handler: (exchange: Exchange) => unknown,
  report: (error: unknown) => void,
): void {
  try {
    const result = handler(exchange);
    if (!isThenable(result)) {
      settle(exchange, result);
      return;
    }
    result.then(
      (value) => settle(exchange, value),
      (error: unknown) => fail(exchange, error, report),
    );
  } catch (error) {
    fail(exchange, error, report);
  }
}

function settle(exchange: Exchange, result: unknown): void {
  if (typeof result === 'function') exchange.onClose(result as Cleanup);
}

function fail(exchange: Exchange, error: unknown, report: (error: unknown) => void): void {
  const isOpen = exchange.ending === undefined;
  const isForeign = error instanceof ProtocolError && !exchange.body.hasThrown(error);
  const answer = isForeign ? undefined : answerToFailure(error);
  const isExpected =
    (exchange.isAbandoned || exchange.isDone) && !isForeign && isAboutLeaving(error);
  if (answer === undefined && !isExpected) report(error);
  if (!isOpen || exchange.isDone) {
    exchange.breakOff(error);
    return;
  }
  try {
    if (answer === undefined) exchange.reject(500);
    else exchange.reject(answer.status, answer.text, answer.fields);
  } catch (secondError) {
    report(secondError);
    exchange.breakOff(secondError);
  }
}

/**
 * What a handler is expected to throw when nobody waits for its work: its client has left, or the
 * answer is complete, as one to HEAD is from the beginning.
 */
function isAboutLeaving(error: unknown): boolean {
  return error instanceof ProtocolError || (error instanceof Error && error.name === 'AbortError');
}
