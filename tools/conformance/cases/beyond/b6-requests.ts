/**
 * Beyond 6, the opening handshake as a server must read it: requests that are not quite right.
 *
 * Whatever a server takes for a handshake although a proxy before it did not is a way around the
 * proxy. Only servers are tested here: the fuzzer is the client.
 */
import type { Case, Chapter, Group } from '../../model.ts';
import { OFFERS } from './b6-offers.ts';
import { SMUGGLING } from './b6-smuggling.ts';
import { accepted, adding, field, opening, refused, refuses, replacing } from './requests.ts';

/** A request that is no upgrade may also get what an ordinary GET of that path would get. */
const ORDINARY = [400, 426, 200, 404];

const KEYS: Chapter = {
  id: 'b6.1',
  title: 'Keys',
  source: 'RFC 6455 §4.2.1',
  rule: 'The key stands once and is the base64 form of sixteen octets.',
  mistake: 'Hashes whatever is there, or nothing at all.',
  cases: [
    refused('b6.1.1', 'No key.', field('Sec-WebSocket-Key', ''), {
      why: 'Without a key the answer proves nothing, and any request could be made an upgrade.',
    }),
    refused('b6.1.2', 'An empty key.', field('Sec-WebSocket-Key', 'Sec-WebSocket-Key:'), {
      why: 'A field that is there and empty passes a check for undefined.',
    }),
    refused(
      'b6.1.3',
      'A key of fifteen octets.',
      field('Sec-WebSocket-Key', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA'),
      { why: 'Good base64 of the wrong length: shows whether the server decodes, or only looks.' },
    ),
    refused(
      'b6.1.4',
      'A key of seventeen octets.',
      field('Sec-WebSocket-Key', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA='),
      {
        why: 'Twenty-four characters, as it should be, and one octet too many: the padding tells.',
      },
    ),
    refused(
      'b6.1.5',
      'A key that is not base64.',
      field('Sec-WebSocket-Key', 'Sec-WebSocket-Key: ????????????????????????'),
      { why: 'Twenty-four characters that are no base64: length alone is no check.' },
    ),
    refused('b6.1.6', 'Two keys.', adding('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='), {
      why: 'A proxy may have checked the one, and the server answers the other.',
      source: 'RFC 6455 §11.3.1',
    }),
  ],
};

/** A server that speaks an old version along is no danger, but tells the client nothing true. */
const OLD_VERSION: Case = opening(
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
);

const VERSIONS: Chapter = {
  id: 'b6.2',
  title: 'Versions',
  source: 'RFC 6455 §4.4',
  rule: 'The only version is 13; a server that is asked for another one says which it knows.',
  mistake: 'Speaks version 13 to a client that asked for 8.',
  cases: [
    refused('b6.2.1', 'No version.', field('Sec-WebSocket-Version', ''), {
      why: 'Drafts before the fourth had no such field, and other frames.',
      best: [400, 426],
    }),
    OLD_VERSION,
    refused(
      'b6.2.3',
      'Version 013.',
      field('Sec-WebSocket-Version', 'Sec-WebSocket-Version: 013'),
      {
        why: 'The grammar has no leading zeros; Number() has.',
        source: 'RFC 6455 §4.3',
        best: [426, 400],
      },
    ),
    refused(
      'b6.2.4',
      'Version 13.5.',
      field('Sec-WebSocket-Version', 'Sec-WebSocket-Version: 13.5'),
      {
        why: 'parseInt() stops at the point and finds 13.',
        source: 'RFC 6455 §4.3',
        best: [426, 400],
      },
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
    refused('b6.3.1', 'No Upgrade.', field('Upgrade', ''), {
      why: 'This is an ordinary request with odd fields.',
      best: ORDINARY,
    }),
    refused('b6.3.2', 'Upgrade: h2c.', field('Upgrade', 'Upgrade: h2c'), {
      why: 'The client asks for another protocol, and would read frames as that.',
      best: ORDINARY,
    }),
    refused('b6.3.3', 'Connection: keep-alive.', field('Connection', 'Connection: keep-alive'), {
      why: 'Upgrade counts only when Connection names it: else a proxy has passed it on unread.',
      source: 'RFC 9110 §7.8',
      best: ORDINARY,
    }),
    refused('b6.3.4', 'POST instead of GET.', replacing(/^GET/, 'POST'), {
      why: 'A form of another site can make a browser send a POST.',
      best: [405, 400],
    }),
    refused('b6.3.5', 'HTTP/1.0.', replacing('HTTP/1.1', 'HTTP/1.0'), {
      why: 'An old proxy that knows no upgrades speaks so; a server ignores Upgrade there.',
      source: 'RFC 9110 §7.8',
      best: [...ORDINARY, 505],
    }),
    refused('b6.3.6', 'HTTP/2.0 in the request line.', replacing('HTTP/1.1', 'HTTP/2.0'), {
      why: 'No version of HTTP but 1 has this request line.',
      source: 'RFC 9112 §2.3',
      best: [505, 400],
    }),
    refused('b6.3.7', 'No Host.', field('Host', ''), {
      why: 'Who decides by Host whom the request is for has nothing to decide by.',
      source: 'RFC 9112 §3.2',
    }),
    accepted(
      'b6.3.8',
      'Field names in lower case.',
      (head) => head.replace(/^[A-Za-z-]+:/gm, (name) => name.toLowerCase()),
      {
        why: 'Names of fields have no case; what comes through HTTP/2 is all lower.',
        source: 'RFC 9110 §5.1',
      },
    ),
    accepted('b6.3.9', 'Upgrade: websocket.', field('Upgrade', 'Upgrade: websocket'), {
      why: 'The value is compared without regard to case; most clients write it so.',
    }),
    accepted(
      'b6.3.10',
      'Connection: keep-alive, Upgrade.',
      field('Connection', 'Connection: keep-alive, Upgrade'),
      { why: 'Connection is a list; Firefox sends this one.', source: 'RFC 9110 §7.6.1' },
    ),
    accepted(
      'b6.3.11',
      'White space around a value.',
      field('Upgrade', 'Upgrade: \t websocket \t'),
      { why: 'White space around a value is no part of it.', source: 'RFC 9110 §5.5' },
    ),
    accepted('b6.3.12', 'A hundred octets of cookie.', adding(`Cookie: a=${'b'.repeat(98)}`), {
      why: 'Browsers send what they have; a small buffer for the head is none.',
      source: 'RFC 9110 §5.4',
    }),
  ],
};

/** Requests. */
export const BEYOND_6: Group = {
  id: 'b6',
  title: 'Beyond: requests to open a connection',
  chapters: [KEYS, VERSIONS, UPGRADES, SMUGGLING, OFFERS],
};
