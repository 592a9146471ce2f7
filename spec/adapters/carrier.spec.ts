import { PassThrough } from 'node:stream';
import { encodeFrame, OPCODE } from 'barewire/codec';
import type { UpgradeRequest } from 'barewire/handshake';
import { DuplexTransport } from 'barewire/peer';
import t from 'tap';
import { ADAPTER_CHANNELS } from '../../lib/adapters/adapter-channels.ts';
import { type Carrier, carryThrough } from '../../lib/adapters/carrier.ts';
import type { AdapterEndpoint } from '../../lib/adapters/endpoint.ts';
import { LineFields } from '../../lib/adapters/line-fields.ts';
import { hearChannels } from '../support/channels.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { duplexPair, eventually } from '../support/sockets.ts';

const LINES = ['Host', 'a', 'Upgrade', 'websocket', 'Connection', 'Upgrade'];
const KEY = ['Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='];
const request = (lines: readonly string[]): UpgradeRequest => ({
  method: 'GET',
  target: '/',
  version: '1.1',
  fields: new LineFields(lines),
});

/** A carrier that notes what it is told. */
function carrier(): { carrier: Carrier; log: unknown[]; leave: () => void } {
  const log: unknown[] = [];
  let isGone = false;
  let gone = (): void => {};
  return {
    log,
    leave: () => {
      isGone = true;
      gone();
    },
    carrier: {
      source: 'source',
      isSecure: undefined,
      address: '',
      head: undefined,
      get isGone() {
        return isGone;
      },
      get canAnswer() {
        return !isGone;
      },
      onGone: () => {},
      onLeaving: (callback) => {
        gone = callback;
      },
      drop: () => log.push(['drop']),
      refuse: (status, _headers, body) => log.push(['refuse', status, body]),
      switchOver: (response) => {
        log.push(['switch', response.status]);
        return new DuplexTransport(new PassThrough());
      },
    },
  };
}

async function carry(lines: readonly string[], endpoint: AdapterEndpoint): Promise<unknown[]> {
  const rig = carrier();
  const peer = await carryThrough(rig.carrier, request(lines), endpoint);
  peer?.terminate();
  return rig.log;
}

t.test('answers yes, and opens the peer', async (t) => {
  t.strictSame(await carry([...LINES, ...KEY], {}), [['switch', 101]]);
});

t.test('answers no by rule, by policy, and when the application fails', async (t) => {
  t.match(await carry(LINES, { refused: () => {} }), [['refuse', 400]]);
  const all = [...LINES, ...KEY];
  t.match(await carry(all, { accept: () => false, refused: () => {} }), [['refuse', 403]]);
  const errors: unknown[] = [];
  const failing: AdapterEndpoint = {
    accept: () => {
      throw new Error('secret');
    },
    refused: ({ error }) => errors.push(error.message),
  };
  t.strictSame(await carry(all, failing), [['refuse', 500, '']]);
  t.strictSame(errors, ['secret']);
});

t.test('answers 500 and tells when the function that knows the origins fails', async (t) => {
  const errors: unknown[] = [];
  const endpoint: AdapterEndpoint = {
    origins: () => {
      throw new Error('secret');
    },
    refused: ({ error }) => errors.push(error.message),
  };
  t.strictSame(await carry([...LINES, ...KEY], endpoint), [['refuse', 500, '']]);
  t.strictSame(errors, ['secret']);
});

t.test('prints what refused throws or rejects with, and lives on', async (t) => {
  const printed = t.capture(console, 'error');
  const failure = new Error('in the option');
  const throwing = (): void => {
    throw failure;
  };
  for (const refused of [throwing, async () => throwing()]) {
    t.match(await carry(LINES, { refused }), [['refuse', 400]]);
  }
  await new Promise((next) => setImmediate(next));
  const args = ['barewire: the option refused failed:', failure];
  t.strictSame(
    printed().map((call) => call.args),
    [args, args],
  );
});

t.test('answers 500 when a yes cannot be written as it is', async (t) => {
  const rig = carrier();
  const refusals: unknown[] = [];
  rig.carrier.switchOver = () => {
    throw new TypeError('no such field here');
  };
  const endpoint: AdapterEndpoint = { refused: (refusal) => refusals.push(refusal) };
  t.equal(await carryThrough(rig.carrier, request([...LINES, ...KEY]), endpoint), undefined);
  t.strictSame(rig.log, [['refuse', 500, '']]);
  t.match(refusals, [{ ok: false, status: 500, headers: {}, error: TypeError }]);
});

t.test('writes nothing to a client that went away meanwhile', async (t) => {
  const rig = carrier();
  const endpoint: AdapterEndpoint = {
    accept: (opening) => {
      rig.leave();
      t.equal(opening.signal.aborted, true);
      return true;
    },
    refused: () => {},
  };
  t.equal(await carryThrough(rig.carrier, request([...LINES, ...KEY]), endpoint), undefined);
  t.strictSame(rig.log, [['drop']]);
});

t.test('answers 500 for options that are refused: nobody else ends the stream', async (t) => {
  for (const bad of [
    ...[{ maxMessageBytes: -1 }, { maxConnections: -1 }, { handshakeTimeoutMs: -1 }],
    { acept: () => true },
  ]) {
    const rig = carrier();
    const carried = carryThrough(rig.carrier, request([...LINES, ...KEY]), bad);
    await t.rejects(carried, { code: 'invalid-option' });
    t.strictSame(rig.log, [['refuse', 500, '']]);
  }
  const late = carrier();
  late.leave();
  const bad = { maxMessageBytes: -1 };
  await t.rejects(carryThrough(late.carrier, request([...LINES, ...KEY]), bad));
  t.strictSame(late.log, [['drop']]);
});

t.test('answers 500 when nobody would read messages that come in pieces', async (t) => {
  const rig = carrier();
  const endpoint: AdapterEndpoint = { delivery: 'pieces', message: () => {} };
  const carried = carryThrough(rig.carrier, request([...LINES, ...KEY]), endpoint);
  await t.rejects(carried, { code: 'invalid-argument' });
  t.strictSame(rig.log, [['refuse', 500, '']]);
});

t.test('leaves no stream behind when there can be no peer on it', async (t) => {
  const rig = carrier();
  const stream = new PassThrough();
  const failing: Carrier = Object.assign(Object.create(rig.carrier), {
    drop: () => rig.log.push(['drop']),
    switchOver: () => {
      const transport = new DuplexTransport(stream);
      transport.start = () => {
        throw new TypeError('no listeners here');
      };
      return transport;
    },
  });
  await t.rejects(carryThrough(failing, request([...LINES, ...KEY]), {}), TypeError);
  t.strictSame(rig.log, [['drop']]);
});

t.test('does not count, ask or answer a client that has gone before it begins', async (t) => {
  const endpoint: AdapterEndpoint = { accept: () => t.fail('asked'), maxConnections: 1 };
  for (const _ of [1, 2]) {
    const rig = carrier();
    rig.leave();
    t.equal(await carryThrough(rig.carrier, request([...LINES, ...KEY]), endpoint), undefined);
    t.strictSame(rig.log, [['drop']]);
  }
  const { maxConnections } = endpoint;
  t.strictSame(await carry([...LINES, ...KEY], { maxConnections }), [['switch', 101]]);
});

t.test('refuses beyond the cap, before anybody is asked', async (t) => {
  const all = [...LINES, ...KEY];
  const endpoint: AdapterEndpoint = { maxConnections: 1, refused: () => {} };
  t.strictSame(await carry(all, endpoint), [['switch', 101]]);
  const asking: AdapterEndpoint = { ...endpoint, maxConnections: 0, accept: () => t.fail('asked') };
  t.strictSame(await carry(all, asking), [['refuse', 503, 'too many connections']]);
});

t.test('drops a refused client that can read no answer, and tells all the same', async (t) => {
  const rig = carrier();
  const statuses: number[] = [];
  const endpoint: AdapterEndpoint = {
    accept: () => {
      rig.leave();
      return false;
    },
    refused: ({ status }) => statuses.push(status),
  };
  t.equal(await carryThrough(rig.carrier, request([...LINES, ...KEY]), endpoint), undefined);
  t.strictSame(rig.log, [['drop']]);
  t.equal(statuses.length, 1);
});

t.test('prints why accept failed when nobody wants to be told', async (t) => {
  const printed = t.capture(console, 'error');
  const failure = new Error('in accept');
  const accept = (): never => {
    throw failure;
  };
  const all = [...LINES, ...KEY];
  t.strictSame(await carry(all, { accept }), [['refuse', 500, '']]);
  t.match(await carry(all, { accept: () => false }), [['refuse', 403]]);
  t.strictSame(
    printed().map((call) => call.args),
    [['barewire: accept failed:', failure]],
    'a no is no failure',
  );
});

t.test('answers 500 when the fields of a refusal cannot be written, and prints why', async (t) => {
  const printed = t.capture(console, 'error');
  const rig = carrier();
  const failure = new TypeError('no such field here');
  const write = rig.carrier.refuse;
  rig.carrier.refuse = (status, headers, body) => {
    if ('x-bad' in headers) throw failure;
    write(status, headers, body);
  };
  const endpoint: AdapterEndpoint = {
    accept: (opening) => opening.reject(402, 'pay', { 'x-bad': 'a\nb' }),
  };
  t.equal(await carryThrough(rig.carrier, request([...LINES, ...KEY]), endpoint), undefined);
  t.strictSame(rig.log, [['refuse', 500, '']]);
  t.strictSame(
    printed().map((call) => call.args),
    [['barewire: a refusal cannot be sent as it is:', failure]],
  );
});

t.test(
  'takes the scheme of the carrier for its own, unless the endpoint knows better',
  async (t) => {
    const verdict = async (isHere: boolean, isSecure: boolean | undefined, origin: string) => {
      const rig = carrier();
      const carrying = Object.assign(Object.create(rig.carrier), { isSecure: isHere });
      const endpoint: AdapterEndpoint = { isSecure, refused: () => {} };
      const lines = [...LINES, ...KEY, 'Origin', origin];
      (await carryThrough(carrying, request(lines), endpoint))?.terminate();
      return (rig.log[0] as unknown[])[1];
    };
    t.equal(await verdict(true, undefined, 'https://a'), 101);
    t.equal(await verdict(true, undefined, 'http://a'), 403);
    t.equal(await verdict(false, true, 'http://a'), 403, 'TLS ends before us');
    t.equal(await verdict(false, true, 'https://a'), 101);
  },
);

t.test('holds handshakes against rules that an endpoint has inherited', async (t) => {
  class Chat {
    get origins(): readonly string[] {
      return ['https://b'];
    }
    get protocols(): readonly string[] {
      return ['chat'];
    }
  }
  for (const isSecure of [undefined, false, true]) {
    for (const [origin, status] of [['https://b', 101] as const, ['https://a', 403] as const]) {
      const rig = carrier();
      const carrying = Object.assign(Object.create(rig.carrier), { isSecure });
      const lines = [...LINES, ...KEY, 'Origin', origin, 'Sec-WebSocket-Protocol', 'x, chat'];
      const peer = await carryThrough(carrying, request(lines), new Chat());
      t.match(rig.log, [[/./, status]], `${origin} ${isSecure}`);
      t.equal(peer?.protocol, status === 101 ? 'chat' : undefined);
      peer?.terminate();
    }
  }
});

t.test('opens nothing before the caller has its promise, however fast accept is', async (t) => {
  for (const accept of [undefined, () => true, async () => true]) {
    const told: string[] = [];
    const rig = carrier();
    const endpoint: AdapterEndpoint = { open: () => told.push('open') };
    const asking = accept === undefined ? endpoint : { ...endpoint, accept };
    const carried = carryThrough(rig.carrier, request([...LINES, ...KEY]), asking);
    t.strictSame([rig.log, told], [[], []]);
    const peer = await carried;
    t.strictSame([rig.log, told], [[['switch', 101]], ['open']]);
    peer?.terminate();
  }
});

t.test('asks for so long as it may on the alarm of the endpoint, else of the system', async (t) => {
  const world = new FakeWorld();
  const endpoint: AdapterEndpoint = {
    alarm: world.after,
    handshakeTimeoutMs: 70,
    accept: () => new Promise(() => {}),
    refused: () => {},
  };
  const carried = carry([...LINES, ...KEY], endpoint);
  t.strictSame(world.waiting, [70]);
  world.advance(70);
  t.match(await carried, [['refuse', 503]]);
  const signals: AbortSignal[] = [];
  const answers: NonNullable<AdapterEndpoint['accept']>[] = [
    () => true,
    async () => true,
    // Who has looked at the signal may give it to what lasts for longer.
    ({ signal }) => signals.push(signal) > 0,
    async ({ signal }) => signals.push(signal) > 0,
  ];
  for (const accept of answers) {
    const log = await carry([...LINES, ...KEY], { ...endpoint, accept });
    t.strictSame(log, [['switch', 101]]);
    t.strictSame(world.waiting, [], 'none is left behind an answer');
  }
  world.advance(70);
  t.strictSame(
    signals.map(({ aborted }) => aborted),
    [false, false],
  );
});

t.test('gives messages to the handler, and tells the channels of everything', async (t) => {
  const told = hearChannels(t, 'adapters', Object.keys(ADAPTER_CHANNELS));
  const [near, far] = duplexPair();
  const rig = carrier();
  rig.carrier.switchOver = () => new DuplexTransport(near);
  const heard: unknown[] = [];
  const endpoint: AdapterEndpoint = { message: (_peer, data) => heard.push(data) };
  const peer = await carryThrough(rig.carrier, request([...LINES, ...KEY]), endpoint);
  far.resume().write(encodeFrame({ opcode: OPCODE.text, payload: 'hello', maskingKey: 1 }));
  await eventually(() => heard.length === 1);
  t.strictSame(heard, ['hello']);
  const refusing: AdapterEndpoint = { refused: () => {} };
  t.match(await carry(LINES, refusing), [['refuse', 400]]);
  t.match(told, [
    ['request', { endpoint, source: 'source' }],
    ['accepted', { endpoint, source: 'source' }],
    ['request', { endpoint: refusing }],
    ['refused', { endpoint: refusing, source: 'source', refusal: { status: 400 } }],
  ]);
  t.equal(told[1]![1]['peer'], peer);
  peer?.terminate();
});

for (const canRead of [true, false]) {
  t.test(`who leaves while accept thinks is not told of the time: ${canRead}`, async (t) => {
    const rig = carrier();
    const half = Object.create(rig.carrier, { canAnswer: { get: () => canRead } }) as Carrier;
    const told: string[] = [];
    const endpoint: AdapterEndpoint = {
      accept: () => new Promise(() => {}),
      refused: ({ status, error }) => told.push(`${status} ${error.message}`),
    };
    const carried = carryThrough(half, request([...LINES, ...KEY]), endpoint);
    rig.leave();
    t.equal(await carried, undefined);
    const answer = '400 the client has ended its side';
    t.strictSame(told, canRead ? [answer] : [], 'as if it had left before');
    t.strictSame(rig.log, [canRead ? ['refuse', 400, answer.slice(4)] : ['drop']]);
  });
}
