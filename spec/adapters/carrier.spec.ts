import { PassThrough } from 'node:stream';
import type { UpgradeRequest } from 'barewire/handshake';
import { DuplexTransport } from 'barewire/peer';
import t from 'tap';
import { type AdapterEndpoint, type Carrier, carryThrough } from '../../lib/adapters/carrier.ts';
import { LineFields } from '../../lib/adapters/line-fields.ts';

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
  for (const bad of [{ maxMessageBytes: -1 }, { maxConnections: -1 }, { acept: () => true }]) {
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
