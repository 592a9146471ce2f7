import t from 'tap';
import { FieldSection, HEADER_CODES, TRAILER_CODES } from '../../lib/http/field-section.ts';
import { needsFastPath, passesPlainly } from '../support/fast-paths.ts';
import { cutAt, feedings } from '../support/feeding.ts';
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

t.test('cuts the white space off the only value that has any', (t) => {
  // A head is tidy until one of its lines is not.
  const names = ['a', 'ab', 'abc'];
  const before = ['', ' ', '\t', '  ', ' \t', '\t ', ' \t '];
  const after = ['', ' ', '\t', ' \t'];
  const around = before.flatMap((left) => after.map((right) => [left, right] as const));
  const wanted = names.flatMap((name) => ['', 'b', 'b c'].map((value) => [name, value] as const));
  for (const [name, value] of wanted) {
    for (const [left, right] of around) {
      const line = `${name}:${left}${value}${right}`;
      const { messages } = request(`GET / HTTP/1.1\r\nHost: x\r\n${line}\r\n\r\n`);
      const lines = [
        ['Host', 'x'],
        [name, value],
      ];
      t.strictSame(messages[0]!.head['headers'], lines, JSON.stringify(line));
    }
  }
  t.end();
});

t.test('knows whether a section that came whole is tidy', needsFastPath('field-section'), (t) => {
  const isTidy = (...lines: string[]): boolean => {
    const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
    const section = new FieldSection();
    section.begin(HEADER_CODES, 0, 100, 5);
    section.scan(bytes, 0, bytes.length, 0);
    return section.isDone && section.isTidy;
  };
  t.equal(isTidy('Host: a', 'X: y z', 'Abc: def'), true);
  for (const line of ['X:y', 'X:  y', 'X: y ', 'X: \ty', 'X:\ty', 'X: y\t', 'X: ', 'X:']) {
    t.equal(isTidy('Host: a', line, 'Abc: def'), false, JSON.stringify(line));
  }
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

/** Field lines, written back one by one, and how the section ends. */
function scan(chunks: readonly Buffer[], codes = HEADER_CODES, maxBytes = 40): string {
  const section = new FieldSection();
  section.begin(codes, 0, maxBytes, 3);
  let text = '';
  try {
    for (const chunk of chunks) {
      if (section.isDone) break;
      const used = section.scan(chunk, 0, chunk.length, text.length);
      text += chunk.toString('latin1', 0, used);
      if (!section.isDone && used < chunk.length) return 'left bytes unread';
    }
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
  const fields = section.fields(text);
  const lines = [...fields].map(([name, value]) => `${name}=${value}`).join(' ');
  const visited: string[] = [];
  fields.forEach((name, value) => {
    visited.push(`${name}=${value}`);
  });
  if (visited.join(' ') !== lines) return `${lines}, but visited are ${visited.join(' ')}`;
  return section.isDone ? `${lines} | ${text.length}` : 'more';
}

t.test('finds the same lines, and the same faults, wherever the bytes are cut', (t) => {
  for (const [text, expected] of [
    ['\r\n', ' | 2'],
    ['\r\nGET', ' | 2'],
    ['A: b\r\n\r\n', 'A=b | 8'],
    ['A: b\r\n\r\n\r\n', 'A=b | 8'],
    ['A:b\r\nCc:\t d e \t\r\nF:\r\n\r\n', 'A=b Cc=d e F= | 23'],
    ['A: \xe4\r\nB: \t\r\n\r\n', 'A=\xe4 B= | 14'],
    // One untidy line, long enough to be taken whole, of each kind.
    ['A:value-b\r\n\r\n', 'A=value-b | 13'],
    ['A:\tvalue-b\r\n\r\n', 'A=value-b | 14'],
    ['A:  value-b\r\n\r\n', 'A=value-b | 15'],
    ['A: \tvalue-b\r\n\r\n', 'A=value-b | 15'],
    ['A: value-b \r\n\r\n', 'A=value-b | 15'],
    ['A: value-b\t\r\n\r\n', 'A=value-b | 15'],
    ['', 'more'],
    ['A', 'more'],
    ['A:', 'more'],
    ['A: b\r', 'more'],
    ['A: b\r\n', 'more'],
    ['A: b\r\n\r', 'more'],
    [' A: b', 'ws-after-start-line'],
    ['\tA: b', 'ws-after-start-line'],
    ['A: b\r\n c', 'obs-fold'],
    ['A: b\r\n\tc', 'obs-fold'],
    [': b', 'empty-header-name'],
    ['A: b\r\n: c', 'empty-header-name'],
    ['A\r\n', 'missing-colon'],
    ['\n', 'bare-lf'],
    ['A\n', 'bare-lf'],
    ['A: b\n', 'bare-lf'],
    ['A : b', 'ws-in-header-name'],
    ['A\t: b', 'ws-in-header-name'],
    ['A@: b', 'bad-header-name'],
    ['\x80: b', 'bad-header-name'],
    ['A: \0\r\n', 'bad-header-value'],
    ['A: b\rc', 'bare-cr'],
    ['A: b\r\n\rc', 'bare-cr'],
    ['A:\r\nB:\r\nC:\r\n\r\n', 'A= B= C= | 14'],
    ['A:\r\nB:\r\nC:\r\nD:\r\n\r\n', 'too-many-headers'],
    [`A:${'b'.repeat(34)}\r\n\r\n`, `A=${'b'.repeat(34)} | 40`],
    [`A:${'b'.repeat(35)}\r\n\r\n`, 'headers-too-large'],
    ['A'.repeat(41), 'headers-too-large'],
    [`A:${'b'.repeat(38)}\0`, 'headers-too-large'],
  ] as const) {
    for (const { name, chunks } of feedings(Buffer.from(text, 'latin1'))) {
      t.equal(scan(chunks), expected, `${JSON.stringify(text)} ${name}`);
    }
  }
  t.end();
});

t.test('calls what is wrong with a trailer section by its own names', (t) => {
  for (const [text, expected] of [
    ['A: b\r\n\r\n', 'A=b | 8'],
    [' A: b\r\n\r\n', 'obs-fold'],
    ['A: b\r\n c\r\n\r\n', 'obs-fold'],
    ['A:\r\nB:\r\nC:\r\nD:\r\n\r\n', 'trailers-too-large'],
    [`A:${'b'.repeat(35)}\r\n\r\n`, 'trailers-too-large'],
  ] as const) {
    for (const { name, chunks } of feedings(Buffer.from(text))) {
      t.equal(scan(chunks, TRAILER_CODES), expected, `${JSON.stringify(text)} ${name}`);
    }
  }
  t.equal(scan([Buffer.from('\r\n')], TRAILER_CODES, 2), ' | 2');
  t.equal(scan([Buffer.from('\r\n')], TRAILER_CODES, 1), 'trailers-too-large');
  t.end();
});

passesPlainly(t, import.meta.url);
