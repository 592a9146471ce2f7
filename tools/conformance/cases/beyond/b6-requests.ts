/**
 * Beyond 6, the opening handshake as a server must read it: requests that are not quite right.
 *
 * Whatever a server takes for a handshake although a proxy before it did not is a way around the
 * proxy. Only servers are tested here: the fuzzer is the client.
 */
import type { Case, Chapter, Group, OpeningAnswer } from '../../model.ts';
import { OFFERS } from './b6-offers.ts';
import { adding, describe, field, opening, replacing, type Verdict } from './requests.ts';

/** Anything but 101, best one of these statuses. */
const refuses =
  (...best: readonly number[]) =>
  (answer: OpeningAnswer): Verdict => {
    const said = describe(answer);
    if (answer.status === 101 || answer.wasTimeout) return ['FAILED', said];
    if (answer.status !== undefined && best.includes(answer.status)) return ['OK', said];
    return ['NON-STRICT', `${said} Better: ${best.join(' or ')}.`];
  };

const accepts = (answer: OpeningAnswer): Verdict => [
  answer.status === 101 ? 'OK' : 'FAILED',
  describe(answer),
];

const refused = (
  id: string,
  description: string,
  edit: (head: string) => string,
  ...best: readonly number[]
): Case => {
  const statuses = best.length === 0 ? [400] : best;
  const expectation = `The server refuses, best with ${statuses.join(' or ')}.`;
  return opening(id, description, expectation, edit, refuses(...statuses));
};

const accepted = (id: string, description: string, edit: (head: string) => string): Case =>
  opening(id, description, 'The server accepts.', edit, accepts);

const KEYS: Chapter = {
  id: 'b6.1',
  title: 'Keys',
  source: 'RFC 6455 §4.2.1',
  rule: 'The key stands once and is the base64 form of sixteen octets.',
  mistake: 'Hashes whatever is there, or nothing at all.',
  cases: [
    refused('b6.1.1', 'No key.', field('Sec-WebSocket-Key', '')),
    refused('b6.1.2', 'An empty key.', field('Sec-WebSocket-Key', 'Sec-WebSocket-Key:')),
    refused(
      'b6.1.3',
      'A key of fifteen octets.',
      field('Sec-WebSocket-Key', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA'),
    ),
    refused(
      'b6.1.4',
      'A key of seventeen octets.',
      field('Sec-WebSocket-Key', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA='),
    ),
    refused(
      'b6.1.5',
      'A key that is not base64.',
      field('Sec-WebSocket-Key', 'Sec-WebSocket-Key: ????????????????????????'),
    ),
    refused('b6.1.6', 'Two keys.', adding('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==')),
  ],
};

const VERSIONS: Chapter = {
  id: 'b6.2',
  title: 'Versions',
  source: 'RFC 6455 §4.4',
  rule: 'The only version is 13; a server that is asked for another one says which it knows.',
  mistake: 'Speaks version 13 to a client that asked for 8.',
  cases: [
    refused('b6.2.1', 'No version.', field('Sec-WebSocket-Version', ''), 400, 426),
    opening(
      'b6.2.2',
      'Version 8.',
      'The server refuses with 426 (or 400) and names version 13. To go along is not strict.',
      field('Sec-WebSocket-Version', 'Sec-WebSocket-Version: 8'),
      (answer) => {
        if (answer.status === 101) {
          return ['NON-STRICT', 'The server speaks to a client of an old draft as if it were new.'];
        }
        const verdict = refuses(426, 400)(answer);
        const isNamed = /^sec-websocket-version:.*\b13\b/im.test(answer.head);
        if (verdict[0] !== 'OK' || isNamed) return verdict;
        return ['NON-STRICT', `${verdict[1]} It does not name the version it knows.`];
      },
    ),
    refused(
      'b6.2.3',
      'Version 013.',
      field('Sec-WebSocket-Version', 'Sec-WebSocket-Version: 013'),
      426,
      400,
    ),
    refused(
      'b6.2.4',
      'Version 13.5.',
      field('Sec-WebSocket-Version', 'Sec-WebSocket-Version: 13.5'),
      426,
      400,
    ),
  ],
};

const UPGRADES: Chapter = {
  id: 'b6.3',
  title: 'What an upgrade is',
  source: 'RFC 6455 §4.2.1',
  rule: 'A GET on HTTP/1.1 with a Host, Upgrade: websocket and Connection: upgrade.',
  mistake: 'Looks for the key only, and upgrades what was meant as an ordinary request.',
  cases: [
    refused('b6.3.1', 'No Upgrade.', field('Upgrade', ''), 400, 426, 200, 404),
    refused('b6.3.2', 'Upgrade: h2c.', field('Upgrade', 'Upgrade: h2c'), 400, 426, 200, 404),
    refused(
      'b6.3.3',
      'Connection: keep-alive.',
      field('Connection', 'Connection: keep-alive'),
      ...[400, 426, 200, 404],
    ),
    refused('b6.3.4', 'POST instead of GET.', replacing(/^GET/, 'POST'), 405, 400),
    refused('b6.3.5', 'HTTP/1.0.', replacing('HTTP/1.1', 'HTTP/1.0'), 400, 426, 505, 200, 404),
    refused('b6.3.6', 'HTTP/2.0 in the request line.', replacing('HTTP/1.1', 'HTTP/2.0'), 505, 400),
    refused('b6.3.7', 'No Host.', field('Host', '')),
    accepted('b6.3.8', 'Field names in lower case.', (head) =>
      head.replace(/^[A-Za-z-]+:/gm, (name) => name.toLowerCase()),
    ),
    accepted('b6.3.9', 'Upgrade: WebSocket.', field('Upgrade', 'Upgrade: WebSocket')),
    accepted(
      'b6.3.10',
      'Connection: keep-alive, Upgrade.',
      field('Connection', 'Connection: keep-alive, Upgrade'),
    ),
    accepted(
      'b6.3.11',
      'White space around a value.',
      field('Upgrade', 'Upgrade: \t websocket \t'),
    ),
    accepted('b6.3.12', 'A hundred octets of cookie.', adding(`Cookie: a=${'b'.repeat(98)}`)),
  ],
};

const SMUGGLING: Chapter = {
  id: 'b6.4',
  title: 'Smuggling around the upgrade',
  source: 'RFC 9112 §11.2',
  rule:
    'What one reader takes for the end of the head must be the end for all. A body in a ' +
    'handshake would be read as frames by one and as a request by another.',
  mistake: 'Reads what others refuse: stray white space, folded lines, bare line feeds, bodies.',
  cases: [
    refused('b6.4.1', 'Content-Length: 5, and five octets.', adding('Content-Length: 5', 'hello')),
    refused(
      'b6.4.2',
      'Transfer-Encoding: chunked, and an empty body.',
      adding('Transfer-Encoding: chunked', '0\r\n\r\n'),
    ),
    refused(
      'b6.4.3',
      'Content-Length and Transfer-Encoding.',
      adding('Content-Length: 4\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
    ),
    refused('b6.4.4', 'White space before a colon.', field('Upgrade', 'Upgrade : websocket')),
    refused('b6.4.5', 'A folded line.', field('Upgrade', 'Upgrade:\r\n websocket')),
    refused('b6.4.6', 'NUL in a value.', adding('X-Name: a\0b')),
    refused('b6.4.7', 'A bare carriage return in a value.', adding('X-Name: a\rb')),
    refused('b6.4.8', 'Two Hosts.', adding('Host: example.com')),
    refused('b6.4.9', 'A line without a colon.', adding('nothing')),
    refused('b6.4.10', 'White space before the first field.', replacing('\r\n', '\r\n ')),
    refused('b6.4.11', 'A space in the target.', replacing(' HTTP/1.1', ' x HTTP/1.1')),
  ],
};

/** Requests. */
export const BEYOND_6: Group = {
  id: 'b6',
  title: 'Beyond: requests to open a connection',
  chapters: [KEYS, VERSIONS, UPGRADES, SMUGGLING, OFFERS],
};
