/**
 * Beyond 7, the opening handshake as a client must read it: responses that are not quite right.
 *
 * A client that accepts too much can be made to speak WebSocket to something that is no WebSocket
 * server. Only clients are tested here: the fuzzer is the server, and the client must drop the
 * connection without a frame.
 */
import type { Case, Group } from '../../model.ts';
import { CLOSES_NORMALLY, close, closeAfter, gotPong, gotText, ping, text } from '../../script.ts';

function refused(
  id: string,
  description: string,
  edit: (head: string) => string,
  why: string,
  source?: string,
): Case {
  return {
    id,
    description,
    why,
    ...(source === undefined ? {} : { source }),
    expectation: 'The client drops the connection, and sends no frame.',
    script: [],
    expected: { OK: [] },
    close: CLOSES_NORMALLY,
    opening: { response: { edit } },
  };
}

const field =
  (name: string, line: string) =>
  (head: string): string =>
    head.replace(new RegExp(`^${name}:.*\\r\\n`, 'im'), line === '' ? '' : `${line}\r\n`);

const adding =
  (line: string) =>
  (head: string): string =>
    `${head.slice(0, -2)}${line}\r\n\r\n`;

const status =
  (line: string) =>
  (head: string): string =>
    head.replace(/^.*?\r\n/, `${line}\r\n`);

const joined = (
  id: string,
  description: string,
  expectation: string,
  more: Partial<Case>,
): Case => ({
  id,
  description,
  expectation,
  script: [],
  expected: { OK: [] },
  close: CLOSES_NORMALLY,
  opening: { isJoined: true },
  ...more,
});

/** Responses. */
export const BEYOND_7: Group = {
  id: 'b7',
  title: 'Beyond: responses that open a connection',
  chapters: [
    {
      id: 'b7.1',
      title: 'What proves a WebSocket server',
      source: 'RFC 6455 §4.1',
      rule: '101, Upgrade: websocket, Connection: upgrade, and the right answer to the key.',
      mistake: 'Waits for an empty line and begins to speak.',
      cases: [
        refused(
          'b7.1.1',
          '200 instead of 101.',
          status('HTTP/1.1 200 OK\r\nContent-Length: 0'),
          'A page that says it is well is no WebSocket server: what follows is its body.',
        ),
        refused(
          'b7.1.2',
          'HTTP/1.0 101.',
          status('HTTP/1.0 101 Switching Protocols'),
          'HTTP/1.0 knows no 101; whoever answers so has not understood the question.',
          'RFC 9110 §15.2',
        ),
        refused(
          'b7.1.3',
          'A status line that is none.',
          status('WebSocket 101 yes'),
          'Something listens there that speaks no HTTP, and must not get frames.',
          'RFC 9112 §4',
        ),
        refused(
          'b7.1.4',
          'No Upgrade.',
          field('Upgrade', ''),
          'A 101 that does not say what it switches to may switch to anything.',
        ),
        refused(
          'b7.1.5',
          'Upgrade: h2c.',
          field('Upgrade', 'Upgrade: h2c'),
          'The server will speak HTTP/2 from here on, and read frames as that.',
        ),
        refused(
          'b7.1.6',
          'No Connection.',
          field('Connection', ''),
          'Upgrade without Connection may come from somebody behind a proxy who was not asked.',
          'RFC 9110 §7.8',
        ),
        refused(
          'b7.1.7',
          'Connection: close.',
          field('Connection', 'Connection: close'),
          'The answer says that it ends the connection, not that it changes it.',
          'RFC 9110 §7.8',
        ),
        refused(
          'b7.1.8',
          'No Sec-WebSocket-Accept.',
          field('Sec-WebSocket-Accept', ''),
          'Only the answer to the key proves that the request was read by a WebSocket server.',
        ),
        refused(
          'b7.1.9',
          'The answer to another key.',
          field('Sec-WebSocket-Accept', 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='),
          'A cache that has kept an old answer gives itself away here.',
          'RFC 6455 §1.3',
        ),
        refused(
          'b7.1.10',
          'The answer in other letters.',
          (head) =>
            head.replace(/^(Sec-WebSocket-Accept: )(.*)$/im, (_, name: string, value: string) => {
              const other = value.toUpperCase();
              return name + (other === value ? value.toLowerCase() : other);
            }),
          'Base64 tells large letters from small ones; a careless comparison does not.',
        ),
      ],
    },
    {
      id: 'b7.2',
      title: 'What nobody asked for',
      source: 'RFC 6455 §4.1',
      rule: 'A server uses no extension and no subprotocol that the client has not offered.',
      mistake: 'Ignores fields that it does not know, and reads compressed octets as text.',
      cases: [
        refused(
          'b7.2.1',
          'An extension that was not offered.',
          adding('Sec-WebSocket-Extensions: x-squeeze'),
          'The server will set bits and change payloads in a way that nobody here knows.',
          'RFC 6455 §9.1',
        ),
        refused(
          'b7.2.2',
          'A subprotocol that was not offered.',
          adding('Sec-WebSocket-Protocol: chat'),
          'An application would be given messages in a language that it has not asked for.',
          'RFC 6455 §4.2.2',
        ),
        refused(
          'b7.2.3',
          'permessage-deflate with server_max_window_bits=16.',
          adding('Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=16'),
          'A window has 2^8 to 2^15 octets; who takes 16 fails later, in the middle of a message.',
          'RFC 7692 §7.1.2.1',
        ),
        refused(
          'b7.2.4',
          'permessage-deflate with a parameter that does not exist.',
          adding('Sec-WebSocket-Extensions: permessage-deflate; level=9'),
          'A parameter that is not understood may change everything.',
          'RFC 7692 §7.1',
        ),
        refused(
          'b7.2.5',
          'permessage-deflate with a parameter twice.',
          adding(
            'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; ' +
              'server_no_context_takeover',
          ),
          'Which of the two counts? Both sides must give the same answer.',
          'RFC 7692 §7.1',
        ),
        refused(
          'b7.2.6',
          'permessage-deflate twice.',
          adding('Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate'),
          'Compressed twice, or once? RSV1 is one bit.',
          'RFC 7692 §5.1',
        ),
        refused(
          'b7.2.7',
          'client_max_window_bits without a value.',
          adding('Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'),
          'An offer may leave the number out, an answer may not: it is what was asked for.',
          'RFC 7692 §7.1.2.2',
        ),
      ],
    },
    {
      id: 'b7.3',
      title: 'Frames right behind the response',
      source: 'RFC 6455 §4.1',
      rule:
        'The first frames may arrive in the same read as the response, and belong to the ' +
        'connection.',
      mistake: 'Throws away what comes behind the head, or delivers it before anybody listens.',
      cases: [
        joined(
          'b7.3.1',
          'The response and a text message in one write.',
          'The message comes back.',
          {
            script: [text('Hello'), closeAfter(1)],
            expected: { OK: [gotText('Hello')] },
          },
        ),
        joined(
          'b7.3.2',
          'The response, a ping and a text message in one write.',
          'Both are answered.',
          {
            script: [ping('first'), text('Hello'), closeAfter(1)],
            expected: { OK: [gotPong('first'), gotText('Hello')] },
          },
        ),
        joined(
          'b7.3.3',
          'The response and a close frame in one write.',
          'The close frame is answered.',
          {
            script: [close(1000)],
          },
        ),
      ],
    },
  ],
};
