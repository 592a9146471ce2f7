/**
 * Plain requests on kept connections: every answer must be as long as the first one was, and have
 * its status line and its body.
 */

import type { RawClient } from './raw-client.ts';
import { broadcastText } from './servers/ready.ts';

/** What a load of requests looks like. */
export interface RequestLoad {
  readonly connections: number;
  /** Requests in all, rounded up to whole rounds. */
  readonly requests: number;
  readonly bodyBytes: number;
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n';
const STATUS = Buffer.from('HTTP/1.1 200 OK\r\n');

/** What is wrong with a first answer: its head is read here, and taken on trust later. */
function faultOf(answer: Buffer, body: Buffer): string | undefined {
  const end = answer.indexOf('\r\n\r\n') + 4;
  const head = answer.toString('latin1', 0, end);
  const length = Number(/^content-length: *(\d+)\r$/im.exec(head)?.[1]);
  if (length !== body.length) return `a content length of ${length}`;
  return answer.length === end + length ? undefined : `${answer.length - end} bytes after the head`;
}

/** Whether a whole answer has its status line and its body. */
const isRight = (answer: Buffer, body: Buffer): boolean =>
  answer.subarray(0, STATUS.length).equals(STATUS) &&
  answer.subarray(answer.length - body.length).equals(body);

/** Where the first answer that comes ends; undefined when it has not come whole. */
function lengthOf(answer: Buffer, body: Buffer): number | undefined {
  const end = answer.indexOf('\r\n\r\n');
  return end !== -1 && answer.length >= end + 4 + body.length ? answer.length : undefined;
}

/** Asks on all connections, one request at a time on each; resolves with how many were answered. */
export function runRequests(
  clients: readonly RawClient[],
  { requests, bodyBytes }: RequestLoad,
): Promise<number> {
  const body = Buffer.from(broadcastText(bodyBytes));
  const rounds = Math.ceil(requests / clients.length);
  return new Promise((resolve, reject) => {
    let running = clients.length;
    const end = (client: RawClient): void => {
      client.onData = ({ length }) => {
        client.surplus += length;
        reject(new Error('more came back than was asked'));
      };
      running -= 1;
      if (running === 0) resolve(rounds * clients.length);
    };
    for (const client of clients) ask(client, { body, rounds, reject, end });
  });
}

interface Asking {
  readonly body: Buffer;
  readonly rounds: number;
  readonly reject: (error: Error) => void;
  readonly end: (client: RawClient) => void;
}

function ask(client: RawClient, { body, rounds, reject, end }: Asking): void {
  let round = 0;
  let length: number | undefined;
  let held: Buffer | undefined;
  client.socket.once('close', () => reject(new Error('cut while asking')));
  client.onData = (bytes) => {
    const answer = held === undefined ? bytes : Buffer.concat([held, bytes]);
    const wrong = (what: string): void => reject(new Error(`wrong answer: ${what}`));
    length ??= lengthOf(answer, body);
    if (length === undefined || answer.length < length) {
      // What the next read writes over.
      held = Buffer.from(answer);
      return;
    }
    held = undefined;
    if (answer.length > length) return wrong(`${answer.length - length} bytes too many`);
    const fault = round === 0 ? faultOf(answer, body) : undefined;
    if (fault !== undefined) return wrong(fault);
    if (!isRight(answer, body)) return wrong(answer.toString('latin1', 0, 40));
    round += 1;
    if (round < rounds) client.socket.write(REQUEST);
    else end(client);
  };
  client.socket.write(REQUEST);
}
