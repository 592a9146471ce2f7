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

t.test('decides by method and status before any field is asked [9112-6.3-3]', (t) => {
  for (const [method, status, kind] of [
    ['GET', 100, 'interim'],
    ['GET', 199, 'interim'],
    ['GET', 101, 'upgrade'],
    ['GET', 200, 'body'],
    ['GET', 204, 'empty'],
    ['GET', 205, 'body'],
    ['GET', 304, 'empty'],
    ['GET', 599, 'body'],
    ['GET', 999, 'body'],
    ['HEAD', 200, 'empty'],
    ['HEAD', 404, 'empty'],
    ['HEAD', 101, 'upgrade'],
    ['head', 200, 'body'],
    ['CONNECT', 100, 'interim'],
    ['CONNECT', 199, 'interim'],
    ['CONNECT', 200, 'upgrade'],
    ['CONNECT', 299, 'upgrade'],
    ['CONNECT', 300, 'body'],
    ['CONNECT', 404, 'body'],
  ] as const) {
    const { messages, phase, rest } = response(
      `HTTP/1.1 ${status} x\r\nContent-Length: 1\r\n\r\n`,
      method,
    );
    const { interim, upgrade } = messages[0]!.head;
    const title = `${method} ${status}`;
    t.equal(interim === true, kind === 'interim', title);
    t.equal(upgrade === true, kind === 'upgrade', title);
    t.equal(phase, kind === 'body' ? 'body' : 'idle', title);
    t.equal(messages[0]!.isComplete, kind !== 'body', title);
    t.equal(rest, '');
  }
  t.end();
});

t.test('tells of both versions whether another response may follow', (t) => {
  for (const [version, connection, keepAlive] of [
    ['1.1', undefined, true],
    ['1.1', 'close', false],
    ['1.0', undefined, false],
    ['1.0', 'keep-alive', true],
    ['1.0', 'keep-alive, close', false],
  ] as const) {
    const field = connection === undefined ? '' : `Connection: ${connection}\r\n`;
    const { head } = response(`HTTP/${version} 200 OK\r\nContent-Length: 0\r\n${field}\r\n`)
      .messages[0]!;
    t.equal(head['version'], version);
    t.equal(head['keepAlive'], keepAlive, `${version} ${connection}`);
    const open = response(`HTTP/${version} 200 OK\r\n${field}\r\n`).messages[0]!;
    t.equal(open.head['keepAlive'], false, 'never when the end of the connection ends the body');
  }
  t.end();
});
