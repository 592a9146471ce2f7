import t from 'tap';
import { response, verdict } from '../support/http-verdicts.ts';

t.test('knows which responses have no body', (t) => {
  for (const [line, method] of [
    ['204 No Content', 'GET'],
    ['304 Not Modified', 'GET'],
    ['200 OK', 'HEAD'],
  ] as const) {
    const recording = response(`HTTP/1.1 ${line}\r\nContent-Length: 5\r\n\r\n`, method);
    t.equal(verdict(recording), 'ok', line);
    t.equal(recording.messages[0]!.body, '');
  }
  t.end();
});

t.test('reads interim responses before the final one, and 101 as the last', (t) => {
  const recording = response(
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na',
  );
  t.strictSame(
    recording.messages.map(({ head }) => head['status']),
    [100, 103, 200],
  );
  const upgrade = response('HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nrest');
  t.equal(upgrade.rest, 'rest');
  t.end();
});

t.test('reads until the end of the connection where nothing else is said', (t) => {
  const text = 'HTTP/1.1 200 OK\r\n\r\nabc';
  t.equal(verdict(response(text)), 'body');
  const ended = response(text, 'GET', true);
  t.equal(verdict(ended), 'ok');
  t.equal(ended.messages[0]!.body, 'abc');
  t.equal(ended.messages[0]!.head['keepAlive'], false);
  t.end();
});
