import t from 'tap';
import { feedings } from '../support/feeding.ts';
import { HTTP_CASES, type HttpCase, inputOf } from '../support/http-cases.ts';
import { type Recording, recordRequests } from '../support/http-driver.ts';

/** Cases where we take an alternative that the corpus lists, and why. */
const OTHERWISE: Readonly<Record<string, string>> = {};

function run(httpCase: HttpCase, chunks: readonly Buffer[]): Recording {
  const limits = { ...HTTP_CASES.meta.defaultLimits, ...httpCase.limits };
  return recordRequests(chunks, { limits, eof: httpCase.context?.eof });
}

/** What a recording says in the corpus's words. */
function summary(recording: Recording): Record<string, unknown> {
  const { messages, failure, phase, rest } = recording;
  const complete = messages.filter((message) => message.isComplete);
  const partial = messages.find((message) => !message.isComplete);
  return {
    requests: complete.map(({ head, body, trailers }) => ({ ...head, body, trailers })),
    ...(failure === undefined ? {} : { reason: failure.code, status: failure.status, phase }),
    ...(failure === undefined && phase !== 'idle' ? { incomplete: phase } : {}),
    ...(rest === '' ? {} : { rest }),
    ...(partial === undefined ? {} : { partial: partial.head, bodySoFar: partial.body }),
  };
}

function wanted({ expect }: HttpCase): Record<string, unknown> {
  const {
    body,
    bodySoFar,
    trailers: _,
    ...partial
  } = (expect.partial ?? {}) as Record<string, unknown>;
  return {
    requests: expect.requests,
    ...(expect.ok ? {} : { reason: expect.reason, status: expect.status, phase: expect.phase }),
    ...(expect.incomplete === undefined ? {} : { incomplete: expect.incomplete }),
    ...(expect.rest === undefined ? {} : { rest: expect.rest }),
    ...(expect.partial === undefined ? {} : { partial, bodySoFar: bodySoFar ?? body }),
  };
}

for (const httpCase of HTTP_CASES.cases.filter(({ kind }) => kind === 'request')) {
  t.test(`${httpCase.id}: ${httpCase.title}`, (t) => {
    const input = inputOf(httpCase);
    const whole = run(httpCase, [input]);
    const found = summary(whole);
    const expected = wanted(httpCase);
    // How much of a body was handed on before a failure depends on nothing the corpus says.
    if (expected['bodySoFar'] === undefined) delete found['bodySoFar'];
    if (expected['bodySoFar'] === undefined) delete expected['bodySoFar'];
    if (OTHERWISE[httpCase.id] === undefined) t.strictSame(found, expected);
    t.ok(whole.failures <= 1, 'fails at most once');
    const reference = JSON.stringify(whole);
    const differing = [...feedings(input)].filter(
      ({ chunks }) => JSON.stringify(run(httpCase, chunks)) !== reference,
    );
    t.strictSame(
      differing.map(({ name }) => name),
      [],
      'reads the same however it is cut',
    );
    t.end();
  });
}
