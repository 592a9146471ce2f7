import { HandshakeRejected, ProtocolError, UsageError } from 'barewire/base';
import type { UpgradeRequest } from 'barewire/handshake';
import { Fields } from 'barewire/http';
import { type AcceptAnswer, completePolicy, decideUpgrade, decideUpgradeSoon } from 'barewire/peer';
import t from 'tap';
import { fieldsOf } from '../support/field-lookup.ts';

const HANDSHAKE = {
  host: 'server.example',
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
  'sec-websocket-protocol': 'superchat, chat',
};
const request = (more: Record<string, string> = {}): UpgradeRequest => ({
  method: 'GET',
  target: '/chat',
  version: '1.1',
  fields: fieldsOf(Object.entries({ ...HANDSHAKE, ...more })),
});
const status = async (answer: () => AcceptAnswer | Promise<AcceptAnswer>): Promise<number> => {
  const decision = await decideUpgrade(request(), {}, answer);
  return decision.ok ? decision.response.status : decision.status;
};

t.test('accepts a correct handshake when nobody says no', async (t) => {
  for (const answer of [undefined, true, {}] as const) {
    t.equal(await status(() => answer), 101);
    t.equal(await status(async () => answer), 101);
  }
  t.match(await decideUpgrade(request(), {}), { ok: true, protocol: undefined });
});

t.test('chooses the first subprotocol of the client that the policy knows', async (t) => {
  const policy = { protocols: ['chat', 'other'] };
  t.match(await decideUpgrade(request(), policy), { ok: true, protocol: 'chat' });
  const decision = await decideUpgrade(request(), policy, () => ({ protocol: 'superchat' }));
  t.match(decision, { ok: true, protocol: 'superchat' });
  t.match(await decideUpgrade(request(), { protocols: ['no'] }), { ok: true, protocol: undefined });
});

t.test('adds fields to the response, as a record or as pairs, and remembers data', async (t) => {
  const pairs = [
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
    ['x-limit', '7'],
  ] as const;
  const record = { 'set-cookie': ['a=1', 'b=2'], 'x-limit': 7, 'x-no': undefined };
  for (const headers of [record, pairs, Fields.from(pairs)]) {
    const decision = await decideUpgrade(request(), {}, () => ({ headers, data: { user: 7 } }));
    t.match(decision, { ok: true, data: { user: 7 } });
    const fields = decision.ok ? decision.response.fields : [];
    t.strictSame(
      fields.filter(([name]) => name === 'set-cookie' || name.startsWith('x-')),
      pairs,
    );
  }
});

t.test('lets the application choose the extension for each client', async (t) => {
  const offering = request({
    'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
  });
  const used = async (policy: object, answer: AcceptAnswer): Promise<string | undefined> => {
    const decision = await decideUpgrade(offering, policy, () => answer);
    return decision.ok ? decision.upgrade.extension?.response : `${decision.status}`;
  };
  t.equal(await used({}, {}), undefined);
  t.equal(await used({}, { deflate: true }), 'permessage-deflate');
  t.equal(await used({ deflate: true }, { deflate: false }), undefined);
  t.equal(
    await used({ deflate: true }, { deflate: { serverMaxWindowBits: 9 } }),
    'permessage-deflate; server_max_window_bits=9',
  );
  t.equal(await used({}, { deflate: { serverMaxWindowBits: 99 } }), '500');
  const decision = await decideUpgrade(request(), {}, () => ({ deflate: true }));
  t.equal(decision.ok && decision.upgrade.extension, undefined, 'not when nobody offered it');
});

t.test('waits for promises of other libraries, and no longer than the signal', async (t) => {
  // biome-ignore lint/suspicious/noThenProperty: this is what such a promise is.
  const never = { then() {} } as unknown as Promise<AcceptAnswer>;
  const aborter = new AbortController();
  const decision = decideUpgrade(request(), {}, () => never, aborter.signal);
  aborter.abort();
  t.match(await decision, { ok: false, status: 503 });
});

t.test('refuses with the status that the application says, returned or thrown', async (t) => {
  const rejection = new HandshakeRejected(307, 'moved', { location: '/new' });
  for (const answer of [
    () => rejection,
    async () => rejection,
    () => {
      throw rejection;
    },
    () => Promise.reject(rejection),
  ]) {
    const decision = await decideUpgrade(request(), {}, answer);
    t.match(decision, { ok: false, status: 307, headers: { location: '/new' }, error: rejection });
  }
  t.equal(await status(() => false), 403);
});

t.test(
  'does not ask about a handshake that breaks a rule or the default Origin policy',
  async (t) => {
    let asked = 0;
    const ask = (): true => {
      asked += 1;
      return true;
    };
    t.match(await decideUpgrade(request({ 'sec-websocket-version': '8' }), {}, ask), {
      status: 426,
      headers: { 'sec-websocket-version': '13' },
    });
    t.match(await decideUpgrade(request({ origin: 'https://evil.example' }), {}, ask), {
      status: 403,
    });
    t.match(await decideUpgrade(request(), { hosts: 'loopback' }, ask), { status: 403 });
    t.equal(asked, 0);
  },
);

t.test('answers 500 for what the application throws, or for fields it may not set', async (t) => {
  const thrown = new Error('database gone');
  const decision = await decideUpgrade(request(), {}, () => Promise.reject(thrown));
  t.match(decision, { ok: false, status: 500, error: thrown });
  const injections = [{ upgrade: 'h2c' }, { 'x-a': 'b\r\nset-cookie: c' }, { 'a b': 'c' }];
  const asPairs = injections.map((record) => Object.entries(record) as [string, string][]);
  for (const headers of [...injections, ...asPairs]) {
    const injected = await decideUpgrade(request(), {}, () => ({ headers }));
    t.match(injected, { ok: false, status: 500 });
    t.ok(!injected.ok && injected.error instanceof UsageError);
  }
  t.match(await decideUpgrade(request(), {}, () => ({ protocol: 'not offered' })), { status: 500 });
});

t.test('answers 500 for a rule that somebody else broke whom the application asked', async (t) => {
  for (const thrown of [new ProtocolError('bad-content-length'), new ProtocolError('bad-accept')]) {
    const decision = await decideUpgrade(request(), {}, () => Promise.reject(thrown));
    t.match(decision, { ok: false, status: 500, error: thrown });
  }
});

t.test('lets nobody in by an answer that may have meant something else', async (t) => {
  for (const answer of [null, 0, 1, '', 'no', Symbol('x'), () => true, { protocl: 'chat' }]) {
    const decision = await decideUpgrade(request(), {}, () => answer as unknown as boolean);
    t.match(decision, { ok: false, status: 500 });
    t.ok(!decision.ok && decision.error instanceof UsageError);
  }
});

t.test('waits for the application no longer than the signal says', async (t) => {
  const never = (): Promise<boolean> => new Promise(() => {});
  const aborter = new AbortController();
  const pending = decideUpgrade(request(), {}, never, aborter.signal);
  aborter.abort();
  t.match(await pending, { ok: false, status: 503 });
  t.match(await decideUpgrade(request(), {}, never, aborter.signal), { ok: false, status: 503 });
  const reason = new HandshakeRejected(429, 'too many');
  const other = AbortSignal.abort(reason);
  t.match(await decideUpgrade(request(), {}, never, other), { ok: false, status: 429 });
});

t.test('refuses with 500 when the policy itself fails, or does not answer at once', async (t) => {
  const failing = (origin: string | undefined): boolean => new URL(origin!).host === 'a';
  const late = (async () => true) as unknown as () => boolean;
  for (const policy of [{ origins: failing }, { origins: late }, { hosts: ['https://a'] }]) {
    const decision = await decideUpgrade(request(), policy, () => t.fail('nobody is asked'));
    t.match(decision, { ok: false, status: 500, headers: {}, error: Error });
  }
});

t.test('answers 500 for whatever is thrown, an Error or not, and gives an Error', async (t) => {
  for (const thrown of ['a string', 42, undefined, null, { code: 1 }]) {
    const decision = await decideUpgrade(request(), {}, () => {
      throw thrown;
    });
    t.match(decision, { ok: false, status: 500, headers: {} });
    t.ok(!decision.ok && decision.error instanceof Error);
    t.equal(!decision.ok && decision.error.message, String(thrown));
  }
});

t.test('asks for the signal only when there is something to wait for', async (t) => {
  let asked = 0;
  const aborter = new AbortController();
  const patience = (): AbortSignal => {
    asked += 1;
    return aborter.signal;
  };
  t.match(await decideUpgrade(request(), {}, () => true, patience), { ok: true });
  t.match(await decideUpgrade(request(), {}, undefined, patience), { ok: true });
  t.match(await decideUpgrade(request({ upgrade: 'h2c' }), {}, async () => true, patience), {
    ok: false,
  });
  t.equal(asked, 0);
  t.match(await decideUpgrade(request(), {}, async () => true, patience), { ok: true });
  const never = decideUpgrade(request(), {}, () => new Promise(() => {}), patience);
  aborter.abort();
  t.match(await never, { ok: false, status: 503 });
  t.equal(asked, 2);
  t.match(await decideUpgrade(request(), {}, async () => true), { ok: true }, 'without any');
});

t.test('asks about the origin once, whatever the application wishes afterwards', async (t) => {
  const offering = request({
    origin: 'https://app.example',
    'sec-websocket-extensions': 'permessage-deflate',
  });
  for (const [deflate, response] of [
    [undefined, undefined],
    [false, undefined],
    [true, 'permessage-deflate'],
    [{ serverNoContextTakeover: true }, 'permessage-deflate; server_no_context_takeover'],
  ] as const) {
    let asked = 0;
    const origins = (): boolean => {
      asked += 1;
      return asked === 1; // A ticket that is worth one entry.
    };
    const decision = await decideUpgrade(offering, { origins }, () => ({ deflate }));
    t.match(decision, { ok: true });
    t.equal(decision.ok && decision.upgrade.extension?.response, response);
    t.equal(asked, 1);
  }
});

t.test('decides at once when the application answers at once, and never throws', async (t) => {
  t.match(decideUpgradeSoon(request(), {}), { ok: true });
  t.match(
    decideUpgradeSoon(request(), {}, () => false),
    { ok: false, status: 403 },
  );
  t.match(decideUpgradeSoon(request({ upgrade: 'h2c' }), {}), { ok: false, status: 426 });
  const failing = (): never => {
    throw new Error('in accept');
  };
  t.match(decideUpgradeSoon(request(), {}, failing), { ok: false, status: 500 });
  t.ok(decideUpgrade(request(), {}) instanceof Promise);
  const later = decideUpgradeSoon(request(), {}, async () => ({ data: 7 }));
  t.ok(later instanceof Promise);
  t.match(await later, { ok: true, data: 7 });
  const bad = async (): Promise<AcceptAnswer> => ({ headers: { 'a b': '1' } });
  t.match(await decideUpgradeSoon(request(), {}, bad), { ok: false, status: 500 });
});

t.test('has rules, inherited ones too, and knows of TLS what the transport does', (t) => {
  const rules = {
    ...{ origins: ['https://a'], hosts: ['a'], deflate: true, maxExtensionOffers: 3 },
    ...{ protocols: ['chat'] },
  };
  t.strictSame(completePolicy(Object.create(rules), true), { ...rules, isSecure: true });
  t.match(completePolicy({ isSecure: false }, true), { isSecure: false });
  t.match(completePolicy({}, undefined), { isSecure: undefined });
  t.end();
});
