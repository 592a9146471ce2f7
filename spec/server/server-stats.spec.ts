import { PassThrough } from 'node:stream';
import { ProtocolError } from 'barewire/base';
import t from 'tap';
import type { Exchange } from '../../lib/server/exchange.ts';
import { Ledger, SERVER_CHANNELS, Tally, tellFailure } from '../../lib/server/server-stats.ts';
import { hearChannels, watchIdleChannels } from '../support/channels.ts';

t.test('counts by name, also names that are names of object members', (t) => {
  const tally = new Tally();
  for (const name of ['a', 'constructor', 'a', '__proto__']) tally.add(name);
  const record = tally.toRecord();
  t.equal(record['a'], 2);
  t.equal(Object.hasOwn(record, 'constructor') && record['constructor'], 1);
  t.equal(Object.hasOwn(record, '__proto__'), true);
  tally.add('a');
  t.equal(record['a'], 2, 'a copy');
  t.end();
});

t.test('has channels that cost nothing without subscribers', (t) => {
  for (const channel of Object.values(SERVER_CHANNELS)) {
    t.match(String(channel.name), /^barewire:server:[a-z]+$/);
    t.equal(channel.hasSubscribers, false);
  }
  t.end();
});

t.test('prints what an asynchronous option error rejects with', async (t) => {
  const printed = t.capture(console, 'error');
  const second = new Error('in the option');
  tellFailure({ error: () => Promise.reject(second) }, 'first', undefined);
  await new Promise((next) => setImmediate(next));
  t.match(printed(), [{ args: ['barewire: the option error failed:', second, 'for', 'first'] }]);
});

t.test('prints what a handler threw when nobody wants to be told', (t) => {
  const printed = t.capture(console, 'error');
  const failure = new Error('in the handler');
  const told: unknown[] = [];
  tellFailure({}, failure, undefined);
  tellFailure({ error: (...all: unknown[]) => told.push(all) }, failure, undefined);
  t.match(printed(), [{ args: ['barewire: a handler failed:', failure] }]);
  t.strictSame(told, [[failure, undefined]]);
  t.end();
});

/** What a ledger asks of an exchange, and its end in the hands of a spec. */
function exchangeThatEnds(): { exchange: Exchange; end: (report: object) => void } {
  let end = (_report: object): void => undefined;
  const exchange = {
    method: 'GET',
    target: '/',
    onClose(cleanup: (report: object) => void): void {
      end = cleanup;
    },
  };
  return { exchange: exchange as unknown as Exchange, end: (report) => end(report) };
}

/** Everything that can happen to a server, once or twice. */
function happen(ledger: Ledger, exchange: Exchange): void {
  ledger.connected(new PassThrough());
  ledger.requested(exchange);
  ledger.refused(new ProtocolError('bare-lf'));
  ledger.refused(new ProtocolError('bare-lf'));
  ledger.refused(new ProtocolError('bad-method'));
  ledger.failed('why', exchange);
  ledger.left('reset', true);
  ledger.left('ended', false);
  ledger.left('handed-over', false);
}

const COUNTS = {
  requests: 1,
  handedOver: 1,
  handlerErrors: 1,
  violations: { 'bare-lf': 2, 'bad-method': 1 },
  clientsGone: { reset: 1 },
};

t.test('counts what happens, and shows copies of its counts', (t) => {
  const published = watchIdleChannels(t, SERVER_CHANNELS);
  const ledger = new Ledger({});
  const empty = { requests: 0, handedOver: 0, handlerErrors: 0, violations: {}, clientsGone: {} };
  const before = ledger.counts;
  happen(ledger, exchangeThatEnds().exchange);
  t.strictSame(ledger.counts, COUNTS);
  t.strictSame(before, empty);
  t.strictSame(published, [], 'and tells nobody');
  t.end();
});

t.test('tells whoever subscribes, with the server that it was', (t) => {
  const told = hearChannels(t, 'server', Object.keys(SERVER_CHANNELS));
  const server = {};
  const { exchange, end } = exchangeThatEnds();
  const ledger = new Ledger(server);
  happen(ledger, exchange);
  t.strictSame(
    told.map(([name]) => name),
    ['connection', 'request', 'violation', 'violation', 'violation', 'error'],
  );
  const report = { reason: 'completed' };
  end(report);
  t.strictSame(told.at(-1), ['response', { server, exchange, report }]);
  t.ok(told.every(([, message]) => message['server'] === server));
  t.match(told[0]![1], { socket: PassThrough });
  t.match(told[2]![1], { error: { code: 'bare-lf' } });
  t.match(told[5]![1], { exchange, error: 'why' });
  t.strictSame(ledger.counts, COUNTS);
  t.end();
});
