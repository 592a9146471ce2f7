/**
 * A case of HTTP as a test: it must read as the case says, in three feeding modes: whole, byte by
 * byte, cut in two at every place.
 */
import type { Test } from 'tap';
import { feedings } from './feeding.ts';
import { HTTP_CASES, type HttpCase, inputOf } from './http-cases.ts';
import { type Recording, recordRequests, recordResponses } from './http-driver.ts';

type Summary = Record<string, unknown>;

/** Debatable cases where we take an alternative that the corpus lists: what we do, and why. */
export const OTHERWISE: Readonly<Record<string, { readonly found: string; readonly why: string }>> =
  {};

function run({ kind, limits, context }: HttpCase, chunks: readonly Buffer[]): Recording {
  const methods =
    context?.requestMethods ?? (context?.requestMethod ? [context.requestMethod] : []);
  const options = {
    limits: { ...HTTP_CASES.meta.defaultLimits, ...limits },
    eof: context?.eof,
    methods,
  };
  return kind === 'request' ? recordRequests(chunks, options) : recordResponses(chunks, options);
}

/** What a recording says in the corpus's words. */
function summarise({ kind }: HttpCase, recording: Recording): Summary {
  const { messages, failure, phase, rest } = recording;
  const complete = messages.filter((message) => message.isComplete);
  const partial = messages.find((message) => !message.isComplete);
  return {
    messages: complete.map(({ head, body, trailers }) => ({ ...head, body, trailers })),
    ...(failure && { reason: failure.code, phase }),
    ...(failure && { status: kind === 'request' ? failure.status : null }),
    ...(!failure && phase !== 'idle' && { incomplete: phase }),
    ...(rest && { rest }),
    ...(partial && { partial: partial.head }),
    // How much of a body was handed on before a failure is not what the corpus is about.
    ...(partial && !failure && { bodySoFar: partial.body }),
  };
}

/** What a case expects, in the same words. */
function expected({ expect }: HttpCase): Summary {
  const { ok, requests, responses, reason, status, phase, incomplete, rest } = expect;
  const { body, bodySoFar, trailers: _, ...partial } = (expect.partial ?? {}) as Summary;
  return {
    messages: requests ?? responses,
    ...(!ok && { reason, phase, status }),
    ...(incomplete && { incomplete }),
    ...(rest && { rest }),
    ...(expect.partial && { partial }),
    ...(expect.partial && ok && { bodySoFar: bodySoFar ?? body }),
  };
}

/** Asserts all of a case. */
export function checkCase(t: Test, httpCase: HttpCase): void {
  const input = inputOf(httpCase);
  const whole = run(httpCase, [input]);
  const otherwise = OTHERWISE[httpCase.id];
  if (otherwise === undefined) t.strictSame(summarise(httpCase, whole), expected(httpCase));
  else t.equal(whole.failure?.code ?? 'ok', otherwise.found, otherwise.why);
  t.ok(whole.failures <= 1, 'fails at most once');
  const reference = JSON.stringify(whole);
  // Nothing is read behind the byte that fails, so cuts further behind would show nothing.
  const { at } = httpCase.expect;
  const relevant = typeof at === 'number' ? input.subarray(0, at + 64) : input;
  const differing: string[] = [];
  for (const { name, chunks } of feedings(relevant, Number.POSITIVE_INFINITY)) {
    if (JSON.stringify(run(httpCase, chunks)) !== reference) differing.push(name);
  }
  t.strictSame(differing, [], 'reads the same however it is cut');
}
