import { type EventStreamPeer, type Exchange, type LoggedEvent, ReplayLog } from 'barewire';
import type { EventStreamOptions } from 'barewire/server';
import t from 'tap';
import { get, readResponse, serve } from '../support/serving.ts';
import { eventually, type RawClient } from '../support/sockets.ts';

/** The text of an event stream that may still go on. */
function streamOf(client: RawClient): string {
  const wire = client.text;
  const start = wire.indexOf('\r\n\r\n') + 4;
  const isOver = wire.endsWith('0\r\n\r\n');
  return readResponse(wire.slice(0, start) + wire.slice(start) + (isOver ? '' : '0\r\n\r\n')).body;
}

const newLog = (): ReplayLog => new ReplayLog({ epoch: 'e' });

async function open(
  t: Parameters<typeof serve>[0],
  options: EventStreamOptions | (() => EventStreamOptions),
  ...fields: readonly string[]
): Promise<{
  events: EventStreamPeer;
  client: RawClient;
  served: Awaited<ReturnType<typeof serve>>;
  reasons: string[];
}> {
  const reasons: string[] = [];
  let events: EventStreamPeer | undefined;
  const served = await serve(t, (exchange: Exchange) => {
    exchange.onClose(({ reason }) => reasons.push(reason));
    events = exchange.eventStream(typeof options === 'function' ? options() : options);
  });
  const client = served.connect().send(get('/', ...fields));
  await client.until('\r\n\r\n');
  await eventually(() => events !== undefined);
  return { events: events!, client, served, reasons };
}

t.test(
  'sends a head that no proxy holds back, and a first line at once [sse-9.2.5-1]',
  async (t) => {
    const { client } = await open(t, {});
    await client.until(':\n\n');
    t.match(readResponse(`${client.text}0\r\n\r\n`), {
      status: 200,
      body: ':\n\n',
      fields: {
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
        'transfer-encoding': 'chunked',
      },
    });
  },
);

t.test('sends each event in a chunk of its own', async (t) => {
  const { events, client } = await open(t, {});
  t.equal(events.send({ event: 'price', data: '1\n2' }), true);
  t.equal(events.offer({ data: 'x', id: '7' }), 'sent');
  t.equal(events.comment('hi'), true);
  await client.until(': hi');
  const text = 'event: price\ndata: 1\ndata: 2\n\n';
  t.ok(client.text.includes(`${text.length.toString(16)}\r\n${text}\r\n`));
  t.equal(streamOf(client), `:\n\n${text}id: 7\ndata: x\n\n: hi\n\n`);
  t.throws(() => events.send({ data: 'x', id: 'a\nb' }), { code: 'invalid-argument' });
  for (const bad of ['text', 7, null, undefined]) {
    t.throws(() => events.send(bad as never), { name: 'UsageError', code: 'invalid-argument' });
  }
});

t.test('sends a comment when nothing was sent for a while [sse-9.2.7-1]', async (t) => {
  const { events, client, served } = await open(t, { keepAliveMs: 15_000 });
  served.time.advance(14_900);
  events.send({ data: 'a' });
  await client.until('data: a');
  served.time.advance(14_900);
  t.equal(streamOf(client), ':\n\ndata: a\n\n');
  served.time.advance(300);
  await client.until(/data: a\n\n[^:]*:\n\n/);
  served.time.advance(46_000);
  await eventually(() => streamOf(client) === `:\n\ndata: a\n\n${':\n\n'.repeat(4)}`);
  t.pass();
});

t.test('sends no comment when told so', async (t) => {
  const { client, served } = await open(t, { keepAliveMs: 0 });
  served.time.advance(600_000);
  await new Promise((next) => setImmediate(next));
  t.equal(streamOf(client), ':\n\n');
});

t.test('begins with padding and with the time to come back after', async (t) => {
  const fixed = await open(t, { retry: 3000, padding: 2048, keepAliveMs: 0 });
  await fixed.client.until('retry');
  t.equal(streamOf(fixed.client), `: ${' '.repeat(2048)}\n\nretry: 3000\n\n`);
  const drawn = new Set<number>();
  for (let count = 0; count < 12; count += 1) {
    const { client } = await open(t, { retry: [1000, 5000], keepAliveMs: 0 });
    await client.until(/retry: \d+\n\n/);
    drawn.add(Number(/retry: (\d+)/.exec(client.text)![1]));
  }
  t.ok([...drawn].every((ms) => ms >= 1000 && ms <= 5000));
  t.ok(drawn.size > 1, 'not the same for everybody');
});

t.test('lets the application set fields, but not another type', async (t) => {
  const fields = { 'cache-control': 'no-store', 'x-mine': '1' };
  const { client } = await open(t, { fields });
  t.match(readResponse(`${client.text}0\r\n\r\n`).fields, {
    'cache-control': 'no-store',
    'x-mine': '1',
    'x-accel-buffering': 'no',
  });
  const refused = await serve(t, (exchange) => {
    const wrong = { fields: { 'content-type': 'text/plain' } };
    t.throws(() => exchange.eventStream(wrong), { code: 'invalid-header' });
    exchange.respond(204);
  });
  await refused.connect().send(get('/')).until('204');
});

t.test('brings a client that comes back up to date, without gap or double', async (t) => {
  const log = newLog();
  const logged = ['a', 'b', 'c'].map((data) => log.append({ data }));
  const { events, client } = await open(
    t,
    { replay: log, keepAliveMs: 0 },
    `last-event-id: ${logged[0]!.id}`,
  );
  t.equal(events.lastEventId, 'e-1');
  const live = log.append({ data: 'd' });
  t.equal(events.send(live), true);
  t.equal(events.send(live), true, 'twice does not matter');
  t.equal(events.send(logged[1]!), true);
  await client.until('data: d');
  t.equal(streamOf(client), ':\n\nid: e-2\ndata: b\n\nid: e-3\ndata: c\n\nid: e-4\ndata: d\n\n');
});

t.test('fills in what was logged between the catch-up and the first live event', async (t) => {
  const log = newLog();
  const { events, client } = await open(t, { replay: log, keepAliveMs: 0 });
  // The application subscribes late: two events have been logged meanwhile.
  log.append({ data: '1' });
  log.append({ data: '2' });
  events.send(log.append({ data: '3' }));
  await client.until('data: 3');
  const ids = [...streamOf(client).matchAll(/^id: (.*)$/gm)].map(([, id]) => id);
  t.same(ids, ['e-0', 'e-1', 'e-2', 'e-3']);
});

t.test('says that something is lost, and never hides it', async (t) => {
  const log = new ReplayLog({ epoch: 'e', maxReplayEvents: 2 });
  for (let count = 0; count < 5; count += 1) log.append({ data: String(count) });
  const old = await open(t, { replay: log }, 'last-event-id: e-1');
  await old.client.until('event: reset');
  t.match(streamOf(old.client), /event: reset\nid: e-5\ndata: \{"reason":"too-old","missed":2\}/);
  const restarted = await open(t, { replay: log }, 'last-event-id: f-3');
  await restarted.client.until('other-epoch');
  t.pass();
});

t.test('takes the position from the query when the field is absent', async (t) => {
  const seen: string[] = [];
  const { connect } = await serve(t, (exchange) => {
    seen.push(exchange.eventStream().lastEventId);
  });
  connect().send(get('/?lastEventId=q-1'));
  connect().send(get('/?lastEventId=q-1', 'last-event-id: h-1'));
  connect().send(get('/', 'last-event-id: \xc3\xa9'));
  connect().send(get('/'));
  await eventually(() => seen.length === 4);
  t.same(new Set(seen), new Set(['q-1', 'h-1', 'é', '']));
});

t.test('ends, and the connection goes on', async (t) => {
  const { events, client, reasons, served } = await open(t, {});
  events.send({ data: 'last' });
  events.close();
  events.close();
  t.equal(events.isOpen, false);
  t.equal(events.send({ data: 'late' }), false);
  t.equal(events.offer({ data: 'late' }), 'closed');
  t.equal(events.comment(), false);
  await client.until('0\r\n\r\n');
  t.same(reasons, ['completed']);
  served.time.advance(4_000);
  client.send(get('/'));
  await client.until(/0\r\n\r\nHTTP\/1.1 200/);
});

t.test('notices a client that has gone, and tells the application once', async (t) => {
  const { events, client, reasons, served } = await open(t, {});
  client.socket.end();
  await eventually(() => reasons.length === 1);
  t.same(reasons, ['peer-ended']);
  t.equal(events.isOpen, false);
  t.equal(events.signal.aborted, true);
  t.equal(events.offer({ data: 'x' }), 'closed');
  t.equal(await events.drained(), false);
  served.time.advance(60_000);
  t.same(served.errors, []);
});

/** Opens a stream to a client that does not read, and jams it. */
async function jam(
  t: Parameters<typeof serve>[0],
  options: EventStreamOptions,
): Promise<Awaited<ReturnType<typeof open>>> {
  const opened = await open(t, { keepAliveMs: 0, ...options });
  opened.client.socket.pause();
  const size = 'x'.repeat(60_000);
  while (opened.events.offer({ data: size }) === 'sent')
    await new Promise((next) => setImmediate(next));
  return opened;
}

t.test('waits for a slow client up to the bound, then cuts it', async (t) => {
  const { events, reasons } = await jam(t, { maxBufferedBytes: 1_000_000 });
  const outcomes = new Set<string>();
  while (events.isOpen) {
    outcomes.add(events.offer({ data: 'x'.repeat(50_000) }));
    t.ok(events.bufferedAmount < 1_200_000);
    if (outcomes.has('closed')) break;
  }
  t.same(outcomes, new Set(['queued', 'closed']));
  await eventually(() => reasons.length === 1);
  t.same(reasons, ['slow-consumer']);
});

t.test('cuts a client that takes nothing, and leaves one alone that only listens', async (t) => {
  const dead = await jam(t, {});
  const quiet = await open(t, {});
  for (const { served } of [dead, quiet]) served.time.advance(61_000);
  await eventually(() => dead.reasons.length === 1);
  t.same(dead.reasons, ['write-timeout']);
  t.same(quiet.reasons, []);
});

t.test('resolves drained when a slow client reads again', async (t) => {
  const { events, client } = await jam(t, {});
  t.ok(events.bufferedAmount > 0);
  const drained = events.drained();
  client.socket.resume();
  t.equal(await drained, true);
});

t.test('drops, or replaces, by policy, and counts it', async (t) => {
  const count = (client: RawClient, text: string): number => client.text.split(text).length - 1;
  const newest = await jam(t, { slowConsumer: 'drop-newest' });
  t.equal(newest.events.offer({ data: 'DROPPED' }), 'dropped');
  t.equal(newest.events.eventsDropped, 1);
  newest.client.socket.resume();
  await newest.events.drained();
  t.equal(newest.events.offer({ data: 'AFTER' }), 'sent');
  await newest.client.until('AFTER');
  t.equal(count(newest.client, 'DROPPED'), 0);

  const conflate = await jam(t, { slowConsumer: 'conflate' });
  for (let price = 0; price < 10; price += 1) {
    t.equal(conflate.events.offer({ data: `price ${price}.` }, { key: 'price' }), 'queued');
  }
  conflate.client.socket.resume();
  await conflate.client.until('price 9.');
  t.equal(count(conflate.client, 'data: price'), 1);
  t.equal(conflate.events.eventsDropped, 9);
});

t.test('gives up by policy the first time that an event would have to wait', async (t) => {
  const { events, reasons } = await jam(t, { slowConsumer: 'close' });
  t.equal(events.isOpen, true);
  t.equal(events.offer({ data: 'one too many' }), 'closed');
  await eventually(() => reasons.length === 1);
  t.same(reasons, ['slow-consumer']);
});

t.test('answers HEAD with the head alone', async (t) => {
  let events: EventStreamPeer | undefined;
  const { connect } = await serve(t, (exchange) => {
    events = exchange.eventStream();
  });
  const client = connect().send('HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  const { rest, fields } = readResponse(await client.ended(), true);
  t.equal(rest, '');
  t.equal(fields['content-type'], 'text/event-stream');
  t.equal(events!.isOpen, false);
  t.equal(events!.send({ data: 'x' }), false);
});

t.test('is the same event for everybody: the log encodes it once', async (t) => {
  const log = newLog();
  const first = await open(t, { replay: log });
  const second = await open(t, { replay: log });
  const event: LoggedEvent = log.append({ data: 'shared' });
  for (const { events } of [first, second]) events.send(event);
  await first.client.until('shared');
  await second.client.until('shared');
  t.pass();
});
