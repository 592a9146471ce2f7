import t from 'tap';
import {
  checkNoBody,
  hasListElement,
  readHost,
  readKey,
  readOrigin,
} from '../../lib/handshake/upgrade-request.ts';
import { fieldsOf } from '../support/field-lookup.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const request = (lines: [string, string][], more: object = {}) => ({
  ...{ method: 'GET', target: '/', version: '1.1', fields: fieldsOf(lines) },
  ...more,
});

t.test('finds the authority: of the target, of the parser, of the field', (t) => {
  t.equal(readHost(request([['host', 'a']])), 'a');
  t.equal(readHost(request([['host', 'a']], { target: 'HTTP://b:81/c' })), 'b:81');
  t.equal(readHost(request([['host', 'a']], { authority: 'b' })), 'b');
  t.equal(readHost(request([], { authority: 'b', protocol: 'websocket' })), 'b');
  const none = [[], [['host', 'a'] as [string, string], ['host', 'a'] as [string, string]]];
  for (const lines of none) {
    t.throws(() => readHost(request(lines)), { code: 'handshake-host' });
    t.throws(() => readHost(request(lines, { authority: 'b' })), { code: 'handshake-host' });
  }
  for (const lines of [[], [['host', 'a'] as [string, string]]]) {
    const empty = request(lines, { authority: '', protocol: 'websocket' });
    t.throws(() => readHost(empty), { code: 'handshake-host' });
  }
  t.end();
});

t.test('takes a length of zero for no body, and nothing else', (t) => {
  t.doesNotThrow(() => checkNoBody(fieldsOf([])));
  t.doesNotThrow(() => checkNoBody(fieldsOf([['content-length', '0']])));
  for (const length of ['1', '', '0, 0', '-0', '0x0']) {
    const fields = fieldsOf([['content-length', length]]);
    t.throws(() => checkNoBody(fields), { code: 'handshake-with-body' });
  }
  const chunked = fieldsOf([['transfer-encoding', 'chunked']]);
  t.throws(() => checkNoBody(chunked), { code: 'handshake-with-body' });
  t.end();
});

t.test('reads one key and one origin', (t) => {
  t.equal(readKey(fieldsOf([['Sec-WebSocket-Key', ` ${KEY}\t`]])), KEY);
  t.throws(() => readKey(fieldsOf([])), { code: 'handshake-key' });
  t.throws(() => readKey(fieldsOf([['sec-websocket-key', 'abc']])), { code: 'handshake-key' });
  t.equal(readOrigin(fieldsOf([])), undefined);
  t.equal(readOrigin(fieldsOf([['Origin', ' https://a ']])), 'https://a');
  const two = fieldsOf([
    ['origin', 'https://a'],
    ['origin', 'https://a'],
  ]);
  t.throws(() => readOrigin(two), { code: 'handshake-origin', status: 400 });
  t.end();
});

t.test('looks for list elements without regard to case', (t) => {
  t.equal(hasListElement('keep-alive, Upgrade', 'upgrade'), true);
  t.equal(hasListElement('\tUPGRADE ,', 'upgrade'), true);
  t.equal(hasListElement('upgrades', 'upgrade'), false);
  t.equal(hasListElement('', 'upgrade'), false);
  t.equal(hasListElement(undefined, 'upgrade'), false);
  t.end();
});
