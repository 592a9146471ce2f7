import t from 'tap';
import { request } from '../support/http-verdicts.ts';

t.test('finds the fields that steer a message, whatever their case, and no others', (t) => {
  const head = (fields: string): Record<string, unknown> =>
    request(`GET / HTTP/1.1\r\nHOST: a\r\n${fields}\r\n`).messages[0]!.head;
  t.equal(head('CONNECTION: Close\r\n')['keepAlive'], false);
  t.equal(head('Connection: x, cLoSe\r\n')['keepAlive'], false);
  t.equal(head('Connexion: close\r\n')['keepAlive'], true);
  t.equal(head('__proto__: close\r\nconstructor: x\r\n')['keepAlive'], true);
  t.equal(head('Upgrade: websocket\r\nConnection: upgrade\r\n')['upgrade'], true);
  t.equal(head('Upgrade: websocket\r\n')['upgrade'], undefined);
  t.end();
});

t.test('joins several lines of a list, wherever they stand', (t) => {
  const fields = 'Connection: x\r\nConnexions: 1\r\nconnection: y\r\nCONNECTION: close\r\n';
  const { messages } = request(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
  t.equal(messages[0]!.head['keepAlive'], false);
  t.end();
});
