/**
 * The fuzzing server over real sockets: clients that take cases by the usual URL protocol.
 */
import { connect as connectTcp } from 'node:net';
import t, { type Test } from 'tap';
import { BEYOND_CATALOGUE } from '../../../tools/conformance/cases/beyond/index.ts';
import { CATALOGUE, matchIds } from '../../../tools/conformance/cases/index.ts';
import { barewire } from '../../../tools/conformance/peers/barewire.ts';
import { driveClient, type ForeignPeer } from '../../../tools/conformance/peers/peer.ts';
import { ws } from '../../../tools/conformance/peers/ws.ts';
import { type CaseResult, isFine } from '../../../tools/conformance/result.ts';
import { FuzzingServer } from '../../../tools/conformance/runner-client.ts';

const choose = (...patterns: string[]) =>
  [...CATALOGUE, ...BEYOND_CATALOGUE].filter(({ case: { id } }) => matchIds(patterns)(id));

async function listen(
  t: Test,
  entries: ReturnType<typeof choose>,
  reports: (readonly CaseResult[])[] = [],
): Promise<FuzzingServer> {
  const server = await FuzzingServer.listen({
    ...{ host: '127.0.0.1', port: 0, entries },
    say: () => {},
    writeReports: async (results) => void reports.push(results),
  });
  t.teardown(() => server.close());
  return server;
}

/** Opens a WebSocket with ws, and resolves with the messages when it has closed. */
async function ask(
  url: string,
  onOpen?: (send: (text: string) => void) => void,
): Promise<string[]> {
  const { WebSocket } = await import('ws');
  return new Promise((resolve, reject) => {
    const messages: string[] = [];
    const socket = new WebSocket(url);
    socket.on('open', () => onOpen?.((text) => socket.send(text)));
    socket.on('message', (data: Buffer) => void messages.push(data.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(messages));
  });
}

const WAITING = matchIds(['5.19', '5.20', '6.4.*']);

/** Gives a client some cases again, one at a time: what still fails is its own fault. */
async function failAlone(
  t: Test,
  { agent, connect }: ForeignPeer,
  before: readonly CaseResult[],
): Promise<string[]> {
  if (before.length === 0) return [];
  const server = await listen(
    t,
    before.map(({ entry }) => entry),
  );
  await driveClient(server.url, agent, connect!);
  const bad = server.finished().filter((result) => !isFine(result));
  return bad.map(({ entry, result }) => `${entry.case.id} ${result}`);
}

t.test('clients pass, several connections at a time', async (t) => {
  const entries = CATALOGUE.filter(({ case: { id, isHeavy } }) => isHeavy !== true && !WAITING(id));
  for (const peer of [barewire, ws]) {
    const reports: (readonly CaseResult[])[] = [];
    const server = await listen(t, entries, reports);
    await driveClient(server.url, peer.agent, peer.connect!, 8);
    t.same(server.agents(), [peer.agent]);
    const bad = server.finished().filter((result) => !isFine(result));
    // As the suite itself sees it: what few fail in company is decided alone.
    t.ok(bad.length <= 40, `${bad.length} failed in company, on a machine that is busy`);
    t.same(await failAlone(t, peer, bad), [], 'and none alone');
    t.equal(reports.length, 1);
    t.equal(reports[0]?.length, entries.length);
  }
});

t.test('compression is agreed upon and used', async (t) => {
  const server = await listen(t, choose('12.1.1', '13.3.1', '13.7.1'));
  await driveClient(server.url, 'ws', ws.connect!, 2);
  for (const result of server.finished()) {
    t.equal(result.behavior, 'OK', result.entry.case.id);
    t.match(result.httpResponse, /permessage-deflate/);
    t.equal(result.trafficStats?.incoming.WebSocketMessages, 1000);
  }
});

t.test('a client hears how many cases there are, what they are, and how it did', async (t) => {
  const server = await listen(t, choose('1.1.1', '2.1', '2.5'));
  t.same(await ask(`${server.url}/getCaseCount`), ['3']);
  const [info] = await ask(`${server.url}/getCaseInfo?case=2`);
  t.same(JSON.parse(info!), { id: '2.1', description: 'A ping without payload.' });
  t.same(await ask(`${server.url}/getCaseStatus?case=2&agent=me`), ['{"behavior":"FAILED"}']);
  const running = ask(`${server.url}/runCase?casetuple=2.1&agent=me`);
  const status = await ask(`${server.url}/getCaseStatus?case=2&agent=me`);
  await running;
  t.match(status[0], /"behavior":"(OK|FAILED)"/);
  t.same(await ask(`${server.url}/getCaseStatus?case=2&agent=me`), ['{"behavior":"OK"}']);
});

t.test(
  'a case or agent that is missing is refused with 500, and leaves nothing behind',
  async (t) => {
    const server = await listen(t, choose('2.1'));
    for (const path of ['/runCase?case=1', '/runCase?agent=x', '/runCase?case=2&agent=x']) {
      await t.rejects(ask(`${server.url}${path}`), { message: /500/ }, path);
    }
    t.same(server.agents(), []);
  },
);

t.test('why a connection was refused is said, once for each reason', async (t) => {
  const said: string[] = [];
  const server = await FuzzingServer.listen({
    ...{ host: '127.0.0.1', port: 0, entries: choose('2.1') },
    say: (line) => void said.push(line),
    writeReports: async () => {},
  });
  t.teardown(() => server.close());
  const tell = (bytes: string | Buffer): Promise<void> =>
    new Promise((done) => {
      const socket = connectTcp(Number(new URL(server.url).port), '127.0.0.1', () =>
        socket.write(bytes),
      );
      socket.on('close', () => done()).resume();
    });
  t.equal(server.wasVisited, false);
  for (const times of [1, 2]) {
    await tell('hello there');
    await tell(Buffer.from('16030102000100', 'hex'));
    await t.rejects(ask(`${server.url}/runCase?case=1`), { message: /500/ }, `${times}`);
  }
  t.equal(server.wasVisited, true);
  t.match(said, [
    'A connection was refused: The peer did not speak HTTP ("hello there").',
    'A connection was refused: The peer speaks TLS: try ws://.',
    /refused: .*agent/,
  ]);
  t.equal(said.length, 3);
  for (let count = 0; count < 20; count += 1) await tell(`${count} bottles`);
  t.equal(said.length, 10, 'and of many reasons a few are enough');
});

t.test('direct commands are carried out', async (t) => {
  const server = await listen(t, choose('2.1'));
  const messages = await ask(`${server.url}/`, (send) => {
    send('["echo", {"payload": "ab", "payload_len": 5}]');
    send(
      '["sendframes", [{"opcode": 1, "payload": "x", "fin": false}, {"opcode": 0, "payload": "y"}]]',
    );
    send('["sendframe", {"opcode": 1, "payload": "chopped", "chopsize": 2}]');
    send('not JSON');
    send('["unknown"]');
    send('["close", {"code": 3000, "reason": "done"}]');
  });
  t.same(messages, ['ababa', 'xy', 'chopped']);
});

t.test('it is said whose reports are written, and when there are none', async (t) => {
  const said: string[] = [];
  const server = await FuzzingServer.listen({
    ...{ host: '127.0.0.1', port: 0, entries: choose('2.1') },
    say: (line) => void said.push(line),
    writeReports: async () => {},
  });
  t.teardown(() => server.close());
  await ask(`${server.url}/updateReports?agent=x`);
  await ask(`${server.url}/runCase?case=1&agent=x`);
  await ask(`${server.url}/updateReports?agent=x`);
  t.same(said, [
    'Reports are written, though nobody has run a case yet.',
    'x has begun.',
    'Reports are written: x.',
  ]);
});

t.test('a client may stop the server', async (t) => {
  const server = await listen(t, choose('2.1'));
  await ask(`${server.url}/updateReports?agent=x&shutdownOnComplete=true`);
  await server.stopped;
  const other = await listen(t, choose('2.1'));
  await ask(`${other.url}/stopServer`);
  await other.stopped;
  t.pass('both have stopped');
});

t.test('what was not run has failed only for those who were to run everything', async (t) => {
  const server = await listen(t, choose('2.*'));
  await ask(`${server.url}/runCase?case=1&agent=me`);
  await ask(`${server.url}/runCase?case=1&agent=stray`);
  const told = server.close();
  t.same(
    told.map(({ agent, entry, behavior }) => [agent, entry.case.id, behavior]),
    [
      ['me', '2.1', 'OK'],
      ['stray', '2.1', 'OK'],
    ],
    'as in the original: what nobody asked for is in no report',
  );
  const results = server.close(['me']).filter(({ agent }) => agent === 'me');
  t.equal(results.length, 11);
  t.same(
    results.filter(isFine).map(({ entry }) => entry.case.id),
    ['2.1'],
  );
  t.match(results[10]?.result, /has not run this case/);
  t.equal(server.close(['nobody']).length, 13, 'also for a client that never came');
});

t.test('clients that take a bad response, and clients that do not', async (t) => {
  const entries = choose('b7.1.9', 'b7.3.*');
  const server = await listen(t, entries);
  await driveClient(server.url, 'good', barewire.connect!, 4);
  t.same(
    server.finished().map(({ behavior }) => behavior),
    ['OK', 'OK', 'OK', 'OK'],
  );
  await new Promise<void>((done) => {
    const socket = connectTcp(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(
      'GET /runCase?case=1&agent=bad HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    socket.once('data', () => socket.end(Buffer.from('810568656c6c6f', 'hex')));
    socket.on('close', () => done());
  });
  const bad = server.finished().find(({ agent }) => agent === 'bad');
  t.equal(bad?.behavior, 'FAILED');
  t.match(bad?.result, /sent 7 octets/);
});

t.test('a browser that opens the address gets a page that drives it', async (t) => {
  const server = await listen(t, choose('2.1'));
  const response = await fetch(`${server.url.replace('ws:', 'http:')}/`);
  t.equal(response.status, 200);
  t.match(await response.text(), /getCaseCount/);
  const other = await fetch(`${server.url.replace('ws:', 'http:')}/runCase`);
  t.equal(other.status, 426);
});
