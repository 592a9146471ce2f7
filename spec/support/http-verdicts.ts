/** One line in, one word out: how a reader judges a message. */
import type { HttpLimitOptions } from 'barewire/http';
import { type Recording, recordRequests, recordResponses } from './http-driver.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Records a request; `\r\n` is written as it is on the wire. */
export function request(text: string, limits?: HttpLimitOptions): Recording {
  return recordRequests([bytes(text)], { limits });
}

/** Records a response to a request with this method. */
export function response(text: string, method = 'GET', eof = false): Recording {
  return recordResponses([bytes(text)], { methods: [method], eof });
}

/** `ok`, the code of the rule that was broken, or the phase in which more bytes are needed. */
export function verdict({ failure, messages, phase }: Recording): string {
  if (failure !== undefined) return failure.code;
  return messages.some((message) => message.isComplete) ? 'ok' : phase;
}

/** The verdict about a request that is made of a request line and field lines. */
export function judge(line: string, fields: readonly string[] = ['Host: a'], body = ''): string {
  return verdict(request(`${[line, ...fields].join('\r\n')}\r\n\r\n${body}`));
}
