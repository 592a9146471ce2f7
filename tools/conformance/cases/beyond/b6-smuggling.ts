/**
 * Beyond 6, a chapter of its own: requests that two readers would read in two ways
 * [RFC 9112 §11.2].
 *
 * A proxy that lets an upgrade through stops to read. What it took for a body, and the server takes
 * for frames or for another request, nobody has checked.
 */
import type { Chapter } from '../../model.ts';
import { adding, field, refused, replacing } from './requests.ts';

/** Smuggling. */
export const SMUGGLING: Chapter = {
  id: 'b6.4',
  title: 'Smuggling around the upgrade',
  source: 'RFC 9112 §11.2',
  rule:
    'What one reader takes for the end of the head must be the end for all. A body in a ' +
    'handshake would be read as frames by one and as a request by another.',
  mistake: 'Reads what others refuse: stray white space, folded lines, bare line feeds, bodies.',
  cases: [
    refused('b6.4.1', 'Content-Length: 5, and five octets.', adding('Content-Length: 5', 'hello'), {
      why: 'The first five octets are a body for a proxy, and a frame for the server.',
    }),
    refused(
      'b6.4.2',
      'Transfer-Encoding: chunked, and an empty body.',
      adding('Transfer-Encoding: chunked', '0\r\n\r\n'),
      { why: 'The end of the body, 30 0d 0a …, would be read as a frame.' },
    ),
    refused(
      'b6.4.3',
      'Content-Length and Transfer-Encoding.',
      adding('Content-Length: 4\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
      { why: 'Two ends for one body: the classic request smuggling.', source: 'RFC 9112 §6.3' },
    ),
    refused('b6.4.4', 'White space before a colon.', field('Upgrade', 'Upgrade : websocket'), {
      why: 'One reader sees a field "Upgrade", another one named "Upgrade ".',
      source: 'RFC 9112 §5.1',
    }),
    refused('b6.4.5', 'A folded line.', field('Upgrade', 'Upgrade:\r\n websocket'), {
      why: 'One reader joins the lines, another sees an empty Upgrade.',
      source: 'RFC 9112 §5.2',
    }),
    refused('b6.4.6', 'NUL in a value.', adding('X-Name: a\0b'), {
      why: 'What is written in C ends the value there.',
      source: 'RFC 9110 §5.5',
    }),
    refused('b6.4.7', 'A bare carriage return in a value.', adding('X-Name: a\rb'), {
      why: 'Some readers take it for the end of a line.',
      source: 'RFC 9112 §2.2',
    }),
    refused('b6.4.8', 'Two Hosts.', adding('Host: example.com'), {
      why: 'The proxy asks the first one, the server the last one.',
      source: 'RFC 9112 §3.2',
    }),
    refused('b6.4.9', 'A line without a colon.', adding('nothing'), {
      why: 'No field, and not the end: whoever skips it reads another head than its neighbour.',
      source: 'RFC 9112 §5',
    }),
    refused('b6.4.10', 'White space before the first field.', replacing('\r\n', '\r\n '), {
      why: 'A first field that some ignore is a way to hide one.',
      source: 'RFC 9112 §2.2',
    }),
    refused('b6.4.11', 'A space in the target.', replacing(' HTTP/1.1', ' x HTTP/1.1'), {
      why: 'Four words in a line of three: which is the target?',
      source: 'RFC 9112 §3',
    }),
  ],
};
