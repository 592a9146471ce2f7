import t from 'tap';
import { hasToken, joinField, scanHead } from '../../../tools/conformance/head-scan.ts';

const scan = (text: string) => scanHead(Buffer.from(text, 'latin1'));

t.test('a head ends with an empty line, and what follows is not its', (t) => {
  const text = 'GET / HTTP/1.1\r\nA: b\r\n\r\n';
  for (let end = 0; end < text.length; end += 1) t.equal(scan(text.slice(0, end)), undefined);
  t.equal(scan(`${text}\x81\x00`)?.length, text.length);
  t.equal(scan('X\r\n\r\n')?.startLine, 'X', 'also one without fields');
  t.equal(scan('\r\n\r\n')?.startLine, '', 'and one without anything');
  t.end();
});

t.test('fields are found by name in any letters, with what a strict reader refuses', (t) => {
  const head = scan(
    'HTTP/1.1 101  \r\nUPGRADE : WebSocket \r\nno colon\r\n: no name\r\n' +
      'Connection:keep-alive,  Upgrade\nName: caf\xe9\r\nname:\tb\r\n\r\n',
  )!;
  t.equal(head.startLine, 'HTTP/1.1 101');
  t.equal(joinField(head, 'upgrade'), 'WebSocket');
  t.equal(joinField(head, 'name'), 'café, b');
  t.same(head.fields.get('name'), ['café', 'b']);
  t.ok(hasToken(head, 'connection', 'upgrade'));
  t.notOk(hasToken(head, 'connection', 'close'));
  t.notOk(hasToken(head, 'missing', 'upgrade'));
  t.equal(joinField(head, 'missing'), undefined);
  t.equal(head.fields.size, 3);
  t.end();
});
