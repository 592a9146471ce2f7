/**
 * The case corpus and our own cases, through the HTTP readers, in three feeding modes: whole, byte by byte, cut in two
 * at every place.
 */

import { type Extension, parseExtensionList } from 'barewire/deflate';
import {
  buildUpgradeResponse,
  readUpgradeRequest,
  readUpgradeResponse,
  selectSubprotocol,
} from 'barewire/handshake';
import { RequestReader, ResponseReader } from 'barewire/http';
import tap, { type Test } from 'tap';
import { feedings } from '../support/feeding.ts';
import { fieldsOf } from '../support/field-lookup.ts';
import {
  type ExpectedExtension,
  HANDSHAKE_CASES,
  type HandshakeCase,
  OWN_HANDSHAKE_CASES,
} from '../support/handshake-cases.ts';

/** Names in any case are names; whatever comes is validated. */
function requirementOf({ id, expect }: HandshakeCase): string {
  if (id === 'hs-basic-002') return ' [6455-4.1-51]';
  return expect.ok ? '' : ' [6455-10.7-1]';
}

/** What came of a handshake, in the corpus's words. */
interface Outcome {
  readonly ok: boolean;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly accept?: string | undefined;
  readonly protocol?: string | null;
  readonly extension?: string | object | null;
  readonly head?: string;
  readonly reason?: string;
}

/** Debatable cases where an alternative of the corpus is taken: which one, and why. */
const OTHERWISE: Readonly<Record<string, { readonly outcome: Outcome; readonly why: string }>> = {
  'hs-client-negotiation-015': {
    outcome: { ok: true, protocol: null, extension: { client_max_window_bits: 8 }, head: '' },
    why: 'our compressor looks back 250 bytes at most with 9 bits of window: it can keep this promise',
  },
};

function runServer({ config }: HandshakeCase, chunks: readonly Buffer[]): Outcome {
  let outcome: Outcome = { ok: false };
  const reader = new RequestReader({
    head(head) {
      reader.pause();
      const result = readUpgradeRequest(head, {
        origins: config.origins ?? 'any',
        deflate: config.perMessageDeflate,
      });
      if (!result.ok) {
        outcome = { ok: false, status: result.status, headers: result.headers };
        return;
      }
      const protocol = selectSubprotocol(result.protocols, config.protocols ?? []);
      const { status, fields } = buildUpgradeResponse(result, { protocol });
      const written = fieldsOf(fields);
      outcome = {
        ok: true,
        status,
        accept: written.get('sec-websocket-accept'),
        protocol: written.get('sec-websocket-protocol') ?? null,
        extension: written.get('sec-websocket-extensions') ?? null,
      };
    },
    body() {},
    end() {},
    failed(error) {
      outcome = { ok: false, status: error.status ?? 0, headers: {} };
    },
  });
  for (const chunk of chunks) reader.receive(chunk);
  return outcome.ok ? { ...outcome, head: reader.handOver().toString('latin1') } : outcome;
}

function runClient({ config }: HandshakeCase, chunks: readonly Buffer[]): Outcome {
  let outcome: Outcome | undefined;
  const reader = new ResponseReader({
    head(head) {
      reader.pause();
      const wishes = { protocols: config.protocols, offer: config.offer ?? undefined };
      const result = readUpgradeResponse(head, wishes, config.key);
      if (!result.ok) {
        outcome = { ok: false, reason: result.error.code };
        return;
      }
      const protocol = result.protocol ?? null;
      outcome = { ok: true, protocol, extension: inCorpusWords(result.extension) };
    },
    body() {},
    end() {},
    failed(error) {
      const isEnd = error.code === 'premature-eof';
      outcome = { ok: false, reason: isEnd ? 'premature-eof' : 'http-parse-error' };
    },
  });
  reader.expect('GET');
  for (const chunk of chunks) reader.receive(chunk);
  if (outcome === undefined) reader.receiveEnd();
  const head = outcome?.ok ? { head: reader.handOver().toString('latin1') } : {};
  return { ok: false, ...outcome, ...head };
}

function inCorpusWords(used: object | undefined): object | null {
  if (used === undefined) return null;
  const words = Object.entries(used).map(([name, value]): [string, unknown] => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ]);
  return Object.fromEntries(words.filter(([, value]) => value !== false && value !== 15));
}

/** Tells what is wrong with an extension that a server wrote; nothing when it is as expected. */
function complaints(written: string | null, expected: ExpectedExtension): string[] {
  const [extension, ...more] = written === null ? [] : parseExtensionList(written);
  if (extension?.name !== expected.name || more.length > 0) return [`not one ${expected.name}`];
  const must = Object.entries(expected.must ?? {});
  return [
    ...must.flatMap(([name, value]) => checkParameter(extension, name, value)),
    ...extension.parameters
      .filter(({ name }) => !(name in (expected.must ?? {})) && !expected.may?.includes(name))
      .map(({ name }) => `${name} is not allowed`),
  ];
}

function checkParameter(
  { parameters }: Extension,
  name: string,
  expected: true | { readonly max: number },
): string[] {
  const found = parameters.find((parameter) => parameter.name === name);
  if (found === undefined) return [`${name} is missing`];
  if (expected === true) return found.value === undefined ? [] : [`${name} has a value`];
  const isWithin = /^([89]|1[0-5])$/.test(found.value ?? '') && Number(found.value) <= expected.max;
  return isWithin ? [] : [`${name} is ${found.value}`];
}

function checkExpected(t: Test, { expect }: HandshakeCase, outcome: Outcome): void {
  t.equal(outcome.ok, expect.ok);
  if (!expect.ok) {
    t.equal(outcome.status, expect.status);
    t.equal(outcome.reason, expect.reason);
    for (const [name, value] of Object.entries(expect.headers ?? {})) {
      t.ok(outcome.headers?.[name]?.toLowerCase().includes(value), `${name} contains ${value}`);
    }
    return;
  }
  t.equal(outcome.status, expect.status);
  t.equal(outcome.accept, expect.accept);
  t.equal(outcome.protocol, expect.protocol);
  t.equal(outcome.head, expect.head ?? '');
  if (!expect.extension) t.equal(outcome.extension, null);
  else if (typeof outcome.extension === 'object') {
    t.same(outcome.extension, expect.extension.params);
  } else t.same(complaints(outcome.extension ?? null, expect.extension), []);
}

const t = tap;

for (const handshakeCase of [...HANDSHAKE_CASES, ...OWN_HANDSHAKE_CASES]) {
  const name = `${handshakeCase.id}: ${handshakeCase.title}${requirementOf(handshakeCase)}`;
  t.test(name, (t) => {
    const run = handshakeCase.side === 'server' ? runServer : runClient;
    const input = Buffer.from(handshakeCase.input, 'latin1');
    const whole = run(handshakeCase, [input]);
    const otherwise = OTHERWISE[handshakeCase.id];
    if (otherwise === undefined) checkExpected(t, handshakeCase, whole);
    else {
      t.ok(handshakeCase.debatable, otherwise.why);
      t.ok(handshakeCase.alt?.includes(otherwise.outcome.status ?? 'ok'));
      t.same(whole, otherwise.outcome);
    }
    const text = JSON.stringify(whole);
    const differing: string[] = [];
    for (const { name, chunks } of feedings(input)) {
      if (JSON.stringify(run(handshakeCase, chunks)) !== text) differing.push(name);
    }
    t.same(differing, [], 'the same in every feeding mode');
    t.end();
  });
}

t.test('has all cases, each with a name of its own', (t) => {
  t.equal(HANDSHAKE_CASES.length, 157);
  const names = [...HANDSHAKE_CASES, ...OWN_HANDSHAKE_CASES].map(({ id }) => id);
  t.ok(OWN_HANDSHAKE_CASES.length >= 130, `${OWN_HANDSHAKE_CASES.length} of our own`);
  t.equal(new Set(names).size, names.length);
  t.end();
});
