/**
 * The suite over real sockets, against servers good and bad. Cases that wait on purpose are left out.
 */
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net';
import { computeAccept } from 'barewire/handshake';
import t, { type Test } from 'tap';
import {
  CATALOGUE,
  type CatalogueEntry,
  matchIds,
} from '../../../tools/conformance/cases/index.ts';
import type { Target } from '../../../tools/conformance/opening.ts';
import { barewire } from '../../../tools/conformance/peers/barewire.ts';
import { ws } from '../../../tools/conformance/peers/ws.ts';
import { buildCasePage } from '../../../tools/conformance/report/case-page.ts';
import { type CaseResult, isFine } from '../../../tools/conformance/result.ts';
import { runServer, type ServerRunOutcome } from '../../../tools/conformance/runner-server.ts';
import { findCase } from './capture.ts';

const WAITING = matchIds(['5.19', '5.20', '6.4.*']);
const prompt = CATALOGUE.filter(({ case: { id, isHeavy } }) => isHeavy !== true && !WAITING(id));
const choose = (...patterns: string[]) =>
  CATALOGUE.filter(({ case: { id } }) => matchIds(patterns)(id));

const targetAt = (port: number): Target => ({
  url: `ws://127.0.0.1:${port}/`,
  host: '127.0.0.1',
  port,
  isSecure: false,
  path: '/',
  authority: `127.0.0.1:${port}`,
});

function run(
  port: number,
  entries: readonly CatalogueEntry[] = prompt,
  signal = new AbortController().signal,
): Promise<ServerRunOutcome> {
  const options = { target: targetAt(port), entries, parallel: 8, parallelHeavy: 2, signal };
  return runServer({ ...options, agent: 'peer', onResult: () => {} });
}

const notFine = ({ results }: ServerRunOutcome): string[] =>
  results
    .filter((result) => !isFine(result))
    .map(({ entry, result }) => `${entry.case.id} ${result}`);

/** A server that does something to each connection. */
async function listen(t: Test, treat: (socket: Socket) => void): Promise<number> {
  const server = createTcp((socket) => {
    socket.on('error', () => {});
    treat(socket);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

t.test('our own server passes', async (t) => {
  const server = await barewire.serve!();
  t.teardown(() => server.close());
  t.same(notFine(await run(server.port)), []);
});

t.test('ws passes, but for too many fragments', async (t) => {
  const server = await ws.serve!();
  t.teardown(() => server.close());
  t.same(notFine(await run(server.port)), []);
  const { results } = await run(server.port, choose('9.3.2', '9.3.3', '12.1.1', '13.3.1'));
  t.same(
    results.map(({ entry, behavior, behaviorClose }) => [entry.case.id, behavior, behaviorClose]),
    [
      ['9.3.2', 'FAILED', 'FAILED'],
      ['9.3.3', 'OK', 'OK'],
      ['12.1.1', 'OK', 'OK'],
      ['13.3.1', 'OK', 'OK'],
    ],
  );
  const [failed, , compressed] = results;
  const [refused] = (await run(server.port, [findCase('b6.1.1')])).results;
  t.equal(refused!.behavior, 'OK');
  t.ok(refused!.duration > 0, 'an opening that is all there is has taken its time');
  t.match(failed!.resultClose, /ended the connection with 1008/);
  t.match(failed!.result, /Alone; in company|No message came back/);
  const { trafficStats } = compressed!;
  t.equal(trafficStats?.outgoing.OctetsAppLevel, 16_000);
  t.equal(trafficStats?.incoming.OctetsAppLevel, 16_000);
  t.equal(trafficStats?.incoming.WebSocketMessages, 1000);
  t.ok(trafficStats!.outgoing.CompressionRatio! > 0);
  const page = buildCasePage(compressed!, { previous: undefined, next: undefined });
  t.match(page, /Deflates a message of 16 octets[\s\S]*That inflates to a message of 16 octets/);
});

t.test('a target that is not there gives every case a verdict, and one reason', async (t) => {
  const port = await new Promise<number>((done) => {
    const server = createTcp().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
  const outcome = await run(port, CATALOGUE);
  t.equal(outcome.results.length, 517);
  const verdictOf = ({ entry }: CaseResult): string =>
    entry.case.informational === undefined ? 'FAILED' : 'INFORMATIONAL';
  t.ok(
    outcome.results.every(
      (result) =>
        result.behavior === verdictOf(result) && result.behaviorClose === verdictOf(result),
    ),
  );
  t.match(outcome.gaveUp, /Nobody listens there/);
  t.equal(outcome.isUnreachable, true);
});

t.test('a target that speaks something else is named', async (t) => {
  const treatments: [name: string, treat: (socket: Socket) => void, reason: RegExp][] = [
    [
      'garbage',
      (socket) => socket.write('SSH-2.0-OpenSSH\r\n'),
      /did not speak HTTP \("SSH-2\.0-Open/,
    ],
    ['a TLS alert', (socket) => socket.write(Buffer.from('15030100020228', 'hex')), /speaks TLS/],
    ['nothing', (socket) => socket.end(), /closed the connection during the handshake/],
    ['a reset', (socket) => socket.resetAndDestroy(), /reset the connection/],
    [
      '404',
      (socket) => socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'),
      /refused the handshake: status 404/,
    ],
    [
      'a redirection',
      (socket) => socket.end('HTTP/1.1 302 Found\r\nlocation: ws://else.where/\r\n\r\n'),
      /status 302 Found, to ws:\/\/else\.where\/\./,
    ],
    [
      'half a head',
      (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nupgr'),
      /^The target closed the connection .* Only a part of a head came: "HTTP\/1\.1 101/,
    ],
    [
      'a head without an end',
      (socket) => socket.write(`HTTP/1.1 101 x\r\n${'a: b\r\n'.repeat(12_000)}`),
      /head is longer than 65536 octets: "HTTP\/1\.1 101 x"/,
    ],
    [
      'a wrong accept',
      (socket) =>
        socket.write(
          'HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: no\r\n\r\n',
        ),
      /^The response opens no connection: .* not the answer to the key/,
    ],
  ];
  for (const [name, treat, reason] of treatments) {
    const port = await listen(t, (socket) => socket.once('data', () => treat(socket)));
    const outcome = await run(port, choose('1.*'));
    t.match(outcome.gaveUp, reason, name);
    t.equal(notFine(outcome).length, 16, name);
    const [shown] = outcome.results;
    t.match(shown!.httpRequest, /^GET \/ HTTP\/1\.1/, 'the report shows what was asked');
    if (name === '404') t.match(shown!.httpResponse, /^HTTP\/1\.1 404/, 'and answered');
    t.ok(shown!.log.entries.length > 1, 'and what went over the wire');
  }
});

t.test('a target that dies halfway ends the run, and what it has done before counts', async (t) => {
  const server = await ws.serve!();
  let connections = 0;
  const relay = createTcp((socket) => {
    connections += 1;
    if (connections > 12) {
      socket.destroy();
      relay.close();
      return;
    }
    socket.on('error', () => {});
    import('node:net').then(({ connect }) => {
      const other = connect(server.port, '127.0.0.1');
      other.on('error', () => {});
      socket.pipe(other).pipe(socket);
    });
  });
  await new Promise<void>((done) => relay.listen(0, '127.0.0.1', done));
  t.teardown(() => server.close());
  const outcome = await run((relay.address() as AddressInfo).port, choose('1.*', '2.*', '7.7.*'));
  const fine = outcome.results.filter(isFine).length;
  t.ok(fine >= 1 && fine <= 12, `${fine} were done`);
  t.match(outcome.gaveUp, /The target has gone/);
  t.equal(outcome.results.length, 40);
});

t.test('an interruption leaves a verdict for every case', async (t) => {
  const server = await ws.serve!();
  t.teardown(() => server.close());
  const controller = new AbortController();
  let seen = 0;
  const { results } = await runServer({
    target: targetAt(server.port),
    entries: choose('1.*', '6.4.*'),
    ...{ parallel: 2, parallelHeavy: 1, agent: undefined },
    signal: controller.signal,
    onResult: () => {
      seen += 1;
      if (seen === 3) controller.abort();
    },
  });
  t.equal(results.length, 20);
  t.equal(
    results.filter(({ result }) => /[Ii]nterrupted/.test(result)).length,
    20 - results.filter(isFine).length,
  );
  t.ok(results.filter(isFine).length >= 3);
});

t.test('a target that never answers is not given the cases that wait longest', async (t) => {
  const port = await listen(t, (socket) => {
    socket.once('data', (bytes) => {
      const key = /^sec-websocket-key: *(.*)\r$/im.exec(bytes.toString('latin1'))![1]!;
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
          `Sec-WebSocket-Accept: ${computeAccept(key)}\r\n\r\n`,
      );
      socket.resume();
    });
  });
  const outcome = await run(port, choose('1.1.1', '6.5.*', '6.9.*', '9.1.*'));
  t.match(outcome.gaveUp, /answers no message/);
  t.equal(outcome.isUnreachable, false, 'it is there, and fails');
  t.equal(outcome.results.length, 16);
  t.ok(outcome.results.every(({ behavior }) => behavior === 'FAILED'));
  t.match(outcome.results.at(-1)?.result, /Not run: The target opens connections/);
});
