/** Laws of the opening handshake: our client and our server, with the bytes between them. */
import assert from 'node:assert/strict';
import { type ProtocolError, UsageError } from 'barewire/base';
import {
  type AcceptableUpgrade,
  buildExtendedConnect,
  buildUpgradeRequest,
  buildUpgradeResponse,
  encodeHandshakeKey,
  formatUpgradeResponse,
  readUpgradeRequest,
  readUpgradeResponse,
  selectSubprotocol,
  type UpgradePolicy,
  type UpgradeRequest,
  type UpgradeResponseHead,
  type UpgradeWishes,
} from 'barewire/handshake';
import { type RequestHead, RequestReader, type ResponseHead, ResponseReader } from 'barewire/http';
import t from 'tap';
import { deflatePolicy } from '../support/extension-arbitraries.ts';
import { fc } from '../support/fast-check.ts';
import { cutAt } from '../support/feeding.ts';
import { fieldsOf } from '../support/field-lookup.ts';
import { hostileWishes, protocols, wishes } from '../support/handshake-arbitraries.ts';
import { runs } from '../support/laws.ts';

const nonce = fc.uint8Array({ minLength: 16, maxLength: 16 });
const cuts = fc.array(fc.nat(600), { maxLength: 4 });
const server = fc.record({
  supported: protocols,
  deflate: fc.oneof(fc.boolean(), deflatePolicy),
});

/** Reads the one head that the bytes are, cut at these places. */
function readHead<Head>(
  wire: string,
  places: readonly number[],
  makeReader: (sink: HeadSink<Head>) => RequestReader | ResponseReader,
): Head {
  const heads: Head[] = [];
  const reader = makeReader({
    head: (head) => heads.push(head),
    body: () => assert.fail('a handshake has no body'),
    end() {},
    failed: ({ code }) => assert.fail(code),
  });
  for (const chunk of cutAt(Buffer.from(wire, 'latin1'), places)) reader.receive(chunk);
  assert.deepEqual([heads.length, reader.handOver().length], [1, 0], 'one head and no more');
  return heads[0]!;
}

interface HeadSink<Head> {
  head(head: Head): void;
  body(): never;
  end(): void;
  failed(error: ProtocolError): never;
}

const readRequest = (wire: string, places: readonly number[]): RequestHead =>
  readHead<RequestHead>(wire, places, (sink) => new RequestReader(sink));

const readResponse = (wire: string, places: readonly number[]): ResponseHead =>
  readHead<ResponseHead>(wire, places, (sink) => {
    const reader = new ResponseReader(sink);
    reader.expect('GET');
    return reader;
  });

/** What a server makes of a request, which it must not refuse. */
function accept(request: UpgradeRequest, policy: UpgradePolicy): AcceptableUpgrade {
  const upgrade = readUpgradeRequest(request, { origins: 'any', ...policy });
  if (!upgrade.ok) throw new Error(`refused: ${upgrade.error.message}`);
  return upgrade;
}

/** The server has read what the client wished for. */
function checkRead(
  upgrade: AcceptableUpgrade,
  request: UpgradeRequest,
  asked: UpgradeWishes,
): void {
  assert.equal(request.target, asked.target);
  assert.equal(upgrade.host, asked.host);
  assert.equal(upgrade.origin, asked.origin?.trim());
  assert.deepEqual(upgrade.protocols, asked.protocols ?? []);
  for (const [name, value] of asked.headers ?? []) {
    assert.ok(request.fields.getAll(name).includes(value.trim()), `${name}: ${value}`);
  }
}

/** Both sides mean the same by the answer. */
function checkOpened(
  upgrade: AcceptableUpgrade,
  chosen: string | undefined,
  response: UpgradeResponseHead,
  asked: UpgradeWishes,
  key: string | undefined,
): void {
  const opened = readUpgradeResponse(response, asked, key);
  if (!opened.ok) throw new Error(`the client fails: ${opened.error.message}`);
  assert.equal(opened.protocol, chosen);
  const agreed = upgrade.extension?.parameters;
  assert.equal(opened.extension === undefined, agreed === undefined);
  assert.deepEqual({ ...opened.extension }, { ...agreed });
}

t.test('law: our client and our server agree, whatever was wished for and allowed', (t) => {
  let compressed = 0;
  fc.assert(
    fc.property(wishes, server, nonce, cuts, (asked, { supported, deflate }, bytes, places) => {
      const key = encodeHandshakeKey(bytes);
      const request = readRequest(buildUpgradeRequest(asked, key), places);
      const upgrade = accept(request, { deflate });
      assert.equal(upgrade.kind, 'upgrade');
      checkRead(upgrade, request, asked);
      if (upgrade.extension !== undefined) compressed += 1;
      const protocol = selectSubprotocol(upgrade.protocols, supported);
      const answer = buildUpgradeResponse(upgrade, { protocol, headers: asked.headers });
      const response = readResponse(formatUpgradeResponse(answer), places);
      checkOpened(upgrade, protocol, response, asked, key);
    }),
    runs(500),
  );
  t.ok(compressed > 50, `${compressed} with compression`);
  t.end();
});

t.test('law: they agree as well by extended CONNECT', (t) => {
  const scheme = fc.constantFrom('http' as const, 'https' as const);
  fc.assert(
    fc.property(wishes, server, scheme, (asked, { supported, deflate }, over) => {
      const lines = buildExtendedConnect(asked, over);
      const pseudo = new Map(lines.filter(([name]) => name.startsWith(':')));
      const request: UpgradeRequest = {
        method: pseudo.get(':method')!,
        target: pseudo.get(':path')!,
        version: '2.0',
        protocol: pseudo.get(':protocol'),
        scheme: pseudo.get(':scheme'),
        authority: pseudo.get(':authority'),
        fields: fieldsOf(lines.map(([name, value]) => [name, value.trim()])),
      };
      const upgrade = accept(request, { deflate });
      assert.equal(upgrade.kind, 'extended-connect');
      checkRead(upgrade, request, asked);
      const protocol = selectSubprotocol(upgrade.protocols, supported);
      const { status, fields } = buildUpgradeResponse(upgrade, { protocol });
      const response = { version: '2.0', status, fields: fieldsOf(fields) };
      checkOpened(upgrade, protocol, response, asked, undefined);
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('law: what is wished for is refused before a byte is written, or read as it was', (t) => {
  let [written, refused] = [0, 0];
  fc.assert(
    fc.property(hostileWishes, nonce, cuts, (asked, bytes, places) => {
      const key = encodeHandshakeKey(bytes);
      let wire: string;
      try {
        wire = buildUpgradeRequest(asked, key);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        refused += 1;
        return;
      }
      written += 1;
      const request = readRequest(wire, places);
      const count = [...request.fields].length;
      const wanted = [asked.offer, asked.origin, asked.protocols?.[0], ...(asked.headers ?? [])];
      // Host, Upgrade, Connection, Key, Version, and what was wished for.
      assert.equal(count, 5 + wanted.filter((wish) => wish !== undefined).length);
      checkRead(accept(request, {}), request, asked);
    }),
    runs(1000),
  );
  t.ok(written > 50 && refused > 300, `${written} written, ${refused} refused`);
  t.end();
});

/** What may be changed in an answer so that it does not fit any more, and the rule that says so. */
const FLAWS: readonly (readonly [find: RegExp, put: string, code: string])[] = [
  [/HTTP\/1\.1/, 'HTTP/1.0', 'bad-version'],
  [/101/, '200', 'bad-status'],
  [/upgrade: websocket/, 'upgrade: websocket2', 'bad-upgrade'],
  [/upgrade: websocket/, 'upgrade: websocket, h2c', 'bad-upgrade'],
  [/connection: Upgrade/, 'connection: close', 'bad-connection'],
  [/(accept: .*)=/, '$1', 'bad-accept'],
  [/(accept: .*)/, '$1\r\nsec-websocket-$1', 'bad-accept'],
  [/$/, 'sec-websocket-protocol: unwanted\r\n', 'bad-subprotocol'],
  [/$/, 'sec-websocket-extensions: x-unwanted\r\n', 'bad-extension'],
];

t.test('law: an answer with one flaw fails by the rule that it breaks', (t) => {
  fc.assert(
    fc.property(wishes, nonce, fc.constantFrom(...FLAWS), (asked, bytes, [find, put, code]) => {
      const key = encodeHandshakeKey(bytes);
      const request = readRequest(buildUpgradeRequest(asked, key), []);
      const wire = formatUpgradeResponse(buildUpgradeResponse(accept(request, {})));
      const lines = wire.slice(0, -2).replace(find, put);
      const [status, ...rest] = lines.split('\r\n').slice(0, -1);
      const head = {
        version: status!.slice(5, 8),
        status: Number(status!.slice(9, 12)),
        fields: fieldsOf(rest.map((line) => line.split(/: (.*)/) as [string, string])),
      };
      const result = readUpgradeResponse(head, asked, key);
      assert.equal(result.ok ? 'opened' : result.error.code, code);
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});
