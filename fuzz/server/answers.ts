/** What a client may be sent, whatever it has said: read with our strict reader of responses. */
import { type RecordedMessage, recordResponses } from '../../spec/support/http-driver.ts';
import { expectLaw } from '../engine/target.ts';
import { STREAMED, STREAMED_PIECES } from './subject.ts';

/** A request as the server has read it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
}

/** What the ways of answering say that always say the same. */
const SAID: Readonly<Record<string, string>> = {
  '/hello': 'hello',
  '/unread': 'unread',
  '/late': 'late',
  '/slow': 'slow',
  '/soon': 'soon',
  '/stream': STREAMED.repeat(STREAMED_PIECES),
};

const statusOf = ({ head }: RecordedMessage): number => head['status'] as number;

/** Each request has one answer at most, in their order; and behind the last one comes nothing. */
export function checkAnswers(received: Buffer, asked: readonly Asked[]): void {
  // What whoever has taken the socket writes is no HTTP.
  const isTaken = asked.at(-1)?.path === '/raw';
  const methods = asked.map(({ method }) => method);
  const { messages, failure, rest } = recordResponses([received], { methods });
  const detail = (): string => {
    const seen = messages.map((message) => `${statusOf(message)} ${message.isComplete}`);
    const text = received.toString('latin1').slice(-300);
    return JSON.stringify({ failure, asked, seen, rest: rest.slice(0, 99), text });
  };
  if (isTaken) return;
  expectLaw(failure === undefined, 'answers are well-formed', detail);
  const isOpened = messages.length > 0 && statusOf(messages.at(-1)!) === 101;
  expectLaw(isOpened || rest === '', 'the last answer is the last', detail);
  let [answers, continues] = [0, 0];
  for (const message of messages) {
    continues = statusOf(message) === 100 ? continues + 1 : 0;
    expectLaw(continues <= 1, 'a client is told once to go on', detail);
    if (continues > 0) continue;
    checkAnswer(message, asked[answers], detail);
    answers += 1;
  }
}

function checkAnswer(message: RecordedMessage, asked: Asked | undefined, detail: () => string) {
  const { head, body, isComplete } = message;
  const isRefusal = statusOf(message) >= 400 && head['keepAlive'] === false;
  expectLaw(asked !== undefined || isRefusal, 'only what was asked is answered', detail);
  if (asked === undefined || !isComplete || statusOf(message) !== 200) return;
  const said = asked.method === 'HEAD' ? '' : SAID[asked.path];
  expectLaw(said === undefined || body === said, 'an answer says what the handler said', detail);
}
