import t from 'tap';
import { cutAt } from '../support/feeding.ts';
import { recordRequests } from '../support/http-driver.ts';
import { judge, request, verdict } from '../support/http-verdicts.ts';

const field = (line: string): string => judge('GET / HTTP/1.1', ['Host: a', line]);

t.test('takes every token character in names and every field octet in values', (t) => {
  t.equal(field("!#$%&'*+-.^_`|~09azAZ: x"), 'ok');
  t.equal(field('a:'), 'ok');
  t.equal(field('a: \t x y \x80\xff'), 'ok');
  const { messages } = request('GET / HTTP/1.1\r\nHost: a\r\nA: \t x  y \t\r\n\r\n');
  t.strictSame(messages[0]!.head['headers'], [
    ['Host', 'a'],
    ['A', 'x  y'],
  ]);
  t.end();
});

t.test('refuses each octet that may not stand where it stands', (t) => {
  for (let octet = 0; octet < 256; octet += 1) {
    const character = String.fromCharCode(octet);
    const isToken = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/.test(character);
    if (character !== ':') t.equal(field(`a${character}b: x`) === 'ok', isToken, `name ${octet}`);
    const isValue = octet === 9 || (octet >= 0x20 && octet !== 0x7f);
    t.equal(field(`a: b${character}c`) === 'ok', isValue, `value ${octet}`);
  }
  t.end();
});

t.test('names what is wrong with a line', (t) => {
  t.equal(field(' folded'), 'obs-fold');
  t.equal(field('no colon'), 'ws-in-header-name');
  t.equal(field('nocolon'), 'missing-colon');
  t.equal(field(': x'), 'empty-header-name');
  t.equal(field('a : x'), 'ws-in-header-name');
  t.equal(field('a: x\ny'), 'bare-lf');
  t.equal(field('a: x\ry'), 'bare-cr');
  t.end();
});

t.test('counts lines and bytes, exactly', (t) => {
  const text = 'GET / HTTP/1.1\r\nHost: a\r\nb: c\r\n\r\n';
  const section = text.length - 'GET / HTTP/1.1\r\n'.length;
  t.equal(verdict(request(text, { maxHeaderCount: 2 })), 'ok');
  t.equal(verdict(request(text, { maxHeaderCount: 1 })), 'too-many-headers');
  t.equal(verdict(request(text, { maxHeaderBytes: section })), 'ok');
  t.equal(verdict(request(text, { maxHeaderBytes: section - 1 })), 'headers-too-large');
  t.end();
});

t.test('counts bytes that come in crumbs as it counts them whole', (t) => {
  const text = `GET / HTTP/1.1\r\nHost: a\r\n${'b: c\r\n'.repeat(20)}\r\n`;
  const section = text.length - 'GET / HTTP/1.1\r\n'.length;
  const crumbs = (size: number): Buffer[] =>
    cutAt(
      Buffer.from(text),
      Array.from({ length: Math.ceil(text.length / size) }, (_, index) => index * size),
    );
  for (const size of [1, 7, 50]) {
    const read = (maxHeaderBytes: number): string =>
      verdict(recordRequests(crumbs(size), { limits: { maxHeaderBytes } }));
    t.equal(read(section), 'ok');
    t.equal(read(section - 1), 'headers-too-large');
    t.equal(read(60), 'headers-too-large', `crumbs of ${size}`);
  }
  t.end();
});
