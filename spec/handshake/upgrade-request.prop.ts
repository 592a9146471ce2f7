/** Laws of the server's half, for requests that are correct, almost correct and hostile. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ProtocolError } from 'barewire/base';
import { readUpgradeRequest, type UpgradeRequest } from 'barewire/handshake';
import { type RequestHead, RequestReader } from 'barewire/http';
import t from 'tap';
import { readListLiterally } from '../support/extension-arbitraries.ts';
import { fc } from '../support/fast-check.ts';
import { cutAt } from '../support/feeding.ts';
import { fieldsOf } from '../support/field-lookup.ts';
import { runs } from '../support/laws.ts';
import { anyOpening, type Opening, openings, wireOf } from '../support/opening-arbitraries.ts';

const MOST_EXTENSIONS = 4;
const POLICY = { origins: 'any', maxExtensionOffers: MOST_EXTENSIONS } as const;

const bare = (value: string): string => value.replace(/^[ \t]+|[ \t]+$/g, '');
const isName = (value: string): boolean => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(value);

/** A field as the rules see it: the values of its lines, and the elements of all of them. */
function field({ lines }: Opening, name: string): { values: string[]; elements: string[] } {
  const values = lines
    .filter((line) => line[0].toLowerCase() === name)
    .map((line) => bare(line[1]));
  return { values, elements: values.join(',').split(',').map(bare) };
}

/** Case is that of A to Z only. */
const isSame = (value: string, wanted: string): boolean =>
  value.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) === wanted;

/** The rules that only a handshake of HTTP/1.1 has [RFC 6455 §4.2.1]. */
function* brokenUpgradeRules(opening: Opening): Generator<string> {
  const has = (name: string, wanted: string): boolean =>
    field(opening, name).elements.some((element) => isSame(element, wanted));
  if (opening.method !== 'GET') yield 'handshake-method';
  if (opening.version !== '1.1') yield 'handshake-http-version';
  if (!has('upgrade', 'websocket')) yield 'handshake-not-upgrade';
  if (!has('connection', 'upgrade')) yield 'handshake-not-upgrade';
  const { values: keys } = field(opening, 'sec-websocket-key');
  // 22 characters of base64 are 16 bytes and four bits that nobody asks for.
  if (keys.length !== 1 || !/^[A-Za-z0-9+/]{22}==$/.test(keys[0]!)) yield 'handshake-key';
}

/** The rules that only an extended CONNECT has [RFC 8441 §4, §5]. */
function* brokenConnectRules(opening: Opening): Generator<string> {
  if (opening.method !== 'CONNECT') yield 'handshake-connect';
  if (!isSame(opening.protocol!, 'websocket')) yield 'handshake-protocol';
  if (opening.scheme !== 'http' && opening.scheme !== 'https') yield 'handshake-connect';
  if (opening.target[0] !== '/') yield 'handshake-connect';
  for (const name of ['connection', 'upgrade']) {
    if (field(opening, name).values.length > 0) yield 'handshake-connect';
  }
}

/** Every rule that a request breaks, one after the other. */
function* brokenRules(opening: Opening): Generator<string> {
  const isConnect = opening.protocol !== undefined;
  yield* isConnect ? brokenConnectRules(opening) : brokenUpgradeRules(opening);
  const values = (name: string): string[] => field(opening, name).values;
  // Where there is an :authority, it counts alone [RFC 9113 §8.3.1].
  const named = isConnect ? opening.authority : undefined;
  if (named === '' || (named === undefined && values('host').length !== 1)) yield 'handshake-host';
  if (values('transfer-encoding').length > 0) yield 'handshake-with-body';
  const lengths = values('content-length');
  if (lengths.length > 1 || lengths.some((value) => !/^0+$/.test(value))) {
    yield 'handshake-with-body';
  }
  const versions = values('sec-websocket-version');
  if (versions.length === 0) yield 'handshake-version-missing';
  else if (versions.join() !== '13') yield 'handshake-version';
  if (values('origin').length > 1) yield 'handshake-origin';
  const { values: listed, elements } = field(opening, 'sec-websocket-protocol');
  const isDistinct = new Set(elements).size === elements.length;
  if (listed.length > 0 && !(elements.every(isName) && isDistinct)) yield 'handshake-subprotocol';
  const extensions = values('sec-websocket-extensions').join(',');
  if (values('sec-websocket-extensions').length === 0) return;
  if (readListLiterally(extensions) === undefined) yield 'extension-list-malformed';
  if (extensions.split(',').length > MOST_EXTENSIONS) yield 'too-many-extensions';
}

/** What a refusal says: its status, and the fields that the RFCs want. */
const REFUSALS: Readonly<Record<string, readonly [status: number, fields?: object]>> = {
  'handshake-method': [405, { allow: 'GET' }],
  'handshake-http-version': [400],
  'handshake-not-upgrade': [426, { upgrade: 'websocket', connection: 'upgrade' }],
  'handshake-key': [400],
  'handshake-connect': [400],
  'handshake-protocol': [501],
  'handshake-host': [400],
  'handshake-with-body': [400],
  'handshake-version-missing': [400, { 'sec-websocket-version': '13' }],
  'handshake-version': [
    426,
    { upgrade: 'websocket', connection: 'upgrade', 'sec-websocket-version': '13' },
  ],
  'handshake-origin': [400],
  'handshake-subprotocol': [400],
  'extension-list-malformed': [400],
  'too-many-extensions': [431],
};

/** What a parser makes of it: values have no whitespace at their ends. */
const requestOf = ({ lines, ...parts }: Opening): UpgradeRequest => ({
  ...parts,
  fields: fieldsOf(lines.map(([name, value]) => [name, bare(value)])),
});

/** The code of the refusal; `undefined` for what is accepted. */
function refusalOf(request: UpgradeRequest): string | undefined {
  const upgrade = readUpgradeRequest(request, POLICY);
  if (upgrade.ok) return undefined;
  return upgrade.error instanceof ProtocolError ? upgrade.error.code : 'a policy';
}

/** What must be read of a request that breaks no rule. */
function wanted(opening: Opening): object {
  const isConnect = opening.protocol !== undefined;
  const key = field(opening, 'sec-websocket-key').values[0];
  const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
  const absolute = opening.target.startsWith('http') ? 'example.net:81' : undefined;
  const { values, elements } = field(opening, 'sec-websocket-protocol');
  return {
    ok: true,
    kind: isConnect ? 'extended-connect' : 'upgrade',
    accept: isConnect ? '' : createHash('sha1').update(`${key}${guid}`).digest('base64'),
    host:
      (isConnect ? opening.authority : undefined) ?? absolute ?? field(opening, 'host').values[0],
    origin: field(opening, 'origin').values[0],
    protocols: values.length === 0 ? [] : elements,
    extension: undefined,
  };
}

t.test('law: a request is refused exactly by a rule that it breaks, and with its status', (t) => {
  const seen: Record<string, number> = {};
  const note = (kind: string): void => {
    seen[kind] = (seen[kind] ?? 0) + 1;
  };
  fc.assert(
    fc.property(anyOpening, (opening) => {
      const broken = new Set(brokenRules(opening));
      const upgrade = readUpgradeRequest(requestOf(opening), POLICY);
      if (upgrade.ok) {
        assert.deepEqual([...broken], []);
        assert.deepEqual({ ...upgrade }, wanted(opening));
        note('accepted');
        return;
      }
      const { error, status, headers } = upgrade;
      assert.ok(error instanceof ProtocolError, String(error));
      assert.ok(broken.has(error.code), `${error.code}, but broken: ${[...broken]}`);
      assert.deepEqual(
        [status, headers],
        [REFUSALS[error.code]![0], REFUSALS[error.code]![1] ?? {}],
      );
      // Only a single flaw tells by which rule it must be refused.
      if (broken.size === 1) note(error.code);
    }),
    runs(3000),
  );
  for (const kind of ['accepted', ...Object.keys(REFUSALS)]) {
    t.ok((seen[kind] ?? 0) >= 10, `${kind}: ${seen[kind]}`);
  }
  t.end();
});

t.test('law: a correct request is accepted', (t) => {
  fc.assert(
    fc.property(openings, (opening) => {
      fc.pre(field(opening, 'sec-websocket-extensions').elements.length <= MOST_EXTENSIONS);
      assert.equal(refusalOf(requestOf(opening)), undefined);
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

/** The head that our reader delivers of these bytes; `undefined` when it refuses them itself. */
function readHead(wire: string, cuts: readonly number[]): RequestHead | undefined {
  let found: RequestHead | undefined;
  const reader = new RequestReader({
    head: (head) => {
      found = head;
      reader.stop();
    },
    body() {},
    end() {},
    failed() {},
  });
  for (const chunk of cutAt(Buffer.from(wire, 'latin1'), cuts)) reader.receive(chunk);
  return found;
}

t.test('law: behind our reader it is the same, however the bytes are cut', (t) => {
  const seen = { accepted: 0, refused: 0 };
  const cuts = fc.array(fc.nat(500), { maxLength: 4 });
  fc.assert(
    fc.property(anyOpening, cuts, (opening, places) => {
      const isOneByteEach = opening.lines.every((line) => !/[^\0-\xff]/.test(line[1]));
      if (opening.protocol !== undefined || !isOneByteEach) return;
      const head = readHead(wireOf(opening), places);
      if (head === undefined) return;
      const refusal = refusalOf(head);
      assert.equal(refusal, refusalOf(requestOf(opening)));
      seen[refusal === undefined ? 'accepted' : 'refused'] += 1;
    }),
    runs(1000),
  );
  t.ok(Math.min(seen.accepted, seen.refused) > 100, JSON.stringify(seen));
  t.end();
});
