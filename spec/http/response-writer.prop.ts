import { UsageError } from 'barewire/base';
import { type AnsweredRequest, ResponseWriter } from 'barewire/http';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { token } from '../support/http-generators.ts';
import { LATE_TRAILERS, STEERING_TRAILERS } from '../support/http-mutations.ts';
import { runs } from '../support/laws.ts';

/** Text that likes to contain what must not pass. */
const text = fc.string({
  unit: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...'abcXYZ-019 ') },
    { weight: 1, arbitrary: fc.constantFrom('\r', '\n', '\0', ':', '\t', '\x7f', '\u010d', 'ÿ') },
  ),
  maxLength: 12,
});
const name = fc.oneof(text, fc.constantFrom('connection', 'Content-Length', 'transfer-encoding'));
const fields = fc.array(fc.tuple(name, text), { maxLength: 5 });
const request = fc.record<AnsweredRequest>({
  method: fc.constantFrom('GET', 'HEAD', 'CONNECT'),
  version: fc.constantFrom('1.0', '1.1'),
});
const size = fc.oneof(fc.nat(20), fc.constant('unknown' as const), fc.constant('raw' as const));

/** Reads a head in the most literal way there is. */
function readHead(head: string): { status: string; lines: string[] } {
  const end = head.indexOf('\r\n\r\n');
  if (end !== head.length - 4) throw new Error('the head ends early or not at all');
  const [status, ...lines] = head.slice(0, end).split('\r\n');
  return { status: status!, lines };
}

t.test('never writes a line that the application did not give as one', (t) => {
  let written = 0;
  fc.assert(
    fc.property(
      request,
      fc.integer({ min: 200, max: 599 }),
      fields,
      size,
      (asked, status, given, bytes) => {
        const writer = new ResponseWriter(asked, () => 'now');
        let head: string;
        try {
          head = writer.head(status, given, bytes, { keepAlive: true });
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
          return;
        }
        written += 1;
        const { lines } = readHead(head);
        const kept = given.filter(
          ([key]) => !/^(connection|content-length|transfer-encoding)$/i.test(key),
        );
        const own = lines.filter(
          (line) => !kept.some(([key, value]) => line === `${key}: ${value}`),
        );
        for (const line of own) {
          if (
            !/^(date: now|content-length: \d+|transfer-encoding: .*|connection: .*)$/.test(line)
          ) {
            throw new Error(`unexpected line ${line}`);
          }
        }
        const lengths = own.filter((line) => line.startsWith('content-length')).length;
        const codings = own.filter((line) => line.startsWith('transfer-encoding')).length;
        if (lengths + codings > 1) throw new Error('two framings');
        if (/[\r\n\0]/.test(lines.join(''))) throw new Error('a line has a line end in it');
      },
    ),
    runs(2000),
  );
  t.ok(written > 100, `${written} heads were written`);
  t.end();
});

t.test('frames a body so that a literal reader finds it again', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 8 }),
      (pieces) => {
        const writer = new ResponseWriter({ method: 'GET', version: '1.1' }, () => 'now');
        writer.head(200, undefined, 'unknown', { keepAlive: true });
        let wire = '';
        for (const piece of pieces) {
          wire += writer.beforeData(piece.length) + piece + writer.afterData;
        }
        wire += writer.end();
        let found = '';
        for (;;) {
          const lineEnd = wire.indexOf('\r\n');
          const length = Number.parseInt(wire.slice(0, lineEnd), 16);
          found += wire.slice(lineEnd + 2, lineEnd + 2 + length);
          wire = wire.slice(lineEnd + 2 + length + 2);
          if (length === 0) break;
        }
        if (wire !== '' || found !== pieces.join('')) throw new Error('not the same body');
      },
    ),
    runs(100),
  );
  t.pass('every body came back');
  t.end();
});

t.test('sends no trailer that is refused, or that comes too late', (t) => {
  const fixed = [...STEERING_TRAILERS, ...LATE_TRAILERS];
  const names = fc.oneof(fc.constantFrom(...fixed), token);
  const cased = fc.tuple(names, fc.boolean()).map(([name, isUpper]) => {
    return isUpper ? name.toUpperCase() : name;
  });
  fc.assert(
    fc.property(cased, (name) => {
      const writer = new ResponseWriter({ method: 'GET', version: '1.1' }, () => 'now');
      writer.head(200, undefined, 'unknown', { keepAlive: true });
      let isSent = true;
      try {
        writer.end({ [name]: 'x' });
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        isSent = false;
      }
      if (isSent === fixed.includes(name.toLowerCase())) throw new Error(`${name}: ${isSent}`);
    }),
    runs(500),
  );
  t.pass('each name as its list says');
  t.end();
});
