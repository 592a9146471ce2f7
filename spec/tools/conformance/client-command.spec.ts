import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { CATALOGUE } from '../../../tools/conformance/cases/index.ts';
import { startClient } from '../../../tools/conformance/client-command.ts';
import { runAgainstClients } from '../../../tools/conformance/suite.ts';

/** A process that connects to the port it is told, and stays as long as it is let. */
const stay = (first = ''): string =>
  `"${process.execPath}" -e "${first}require('net').connect(process.env.FUZZING_SERVER_URL)"`;

/** Listens; `take(n)` waits for n processes to report. */
async function listen(t: Test): Promise<{ port: string; take: (n: number) => Promise<Socket[]> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const sockets: Socket[] = [];
  server.on('connection', (socket) => {
    // How a killed process takes its leave of TCP does not matter.
    socket.on('error', () => {}).resume();
    sockets.push(socket);
  });
  const take = async (n: number): Promise<Socket[]> => {
    while (sockets.length < n) await once(server, 'connection');
    return sockets;
  };
  return { port: String((server.address() as AddressInfo).port), take };
}

t.test('what the command has started ends with it', async (t) => {
  const { port, take } = await listen(t);
  const client = startClient(`${stay()} & ${stay()}; true`, port);
  const gone = (await take(2)).map((socket) => once(socket, 'close'));
  await client.stop();
  await Promise.all(gone);
  t.match(await client.ended, /ended with SIGTERM/);
  await client.stop();
  t.pass('and to end it again does nothing');
});

t.test('a process that does not want to end is made to', async (t) => {
  const { port, take } = await listen(t);
  const client = startClient(`${stay("process.on('SIGTERM',()=>{});")}; true`, port);
  const [socket] = await take(1);
  const gone = once(socket!, 'close');
  await client.stop();
  await gone;
  t.pass('it has gone');
});

t.test('a command that ends by itself says how', async (t) => {
  t.equal(await startClient('true', '').ended, undefined);
  t.equal(await startClient('exit 7', '').ended, 'The command ended with 7.');
  t.equal(
    await startClient('no-such-program-at-all 2>&-', '').ended,
    'The command ended with 127.',
  );
});

/** Runs two cases against a client that is a program for Node. */
async function runProgram(program: string, patience: { silentMs?: number; firstMs?: number }) {
  let out = '';
  let err = '';
  const outcome = await runAgainstClients(
    {
      entries: CATALOGUE.slice(0, 2),
      ...{ folder: undefined, baseline: undefined, isStrict: false },
      ...{ host: '127.0.0.1', port: 0, ...patience },
      command: `"${process.execPath}" -e "${program}"`,
    },
    {
      out: { write: (text) => (out += text) },
      err: { write: (text) => (err += text) },
      signal: new AbortController().signal,
    },
  );
  return { outcome, out, err };
}

t.test('a client that has begun and then does nothing is given up', async (t) => {
  const program =
    "const s=require('net').connect(new URL(process.env.FUZZING_SERVER_URL).port,'127.0.0.1');" +
    's.end();setInterval(()=>{},1000)';
  const { outcome, out, err } = await runProgram(program, { silentMs: 50 });
  t.equal(outcome, 'unreachable');
  t.match(out, /FAILED 2/);
  t.match(err, /has not connected for 0\.05 seconds: it was ended/);
});

t.test('so is one that never connects, after a longer time', async (t) => {
  const { outcome, out, err } = await runProgram('setInterval(()=>{},1000)', { firstMs: 200 });
  t.equal(outcome, 'unreachable');
  t.match(out, /FAILED 2/);
  t.match(err, /has not connected for 0\.2 seconds: it was ended/);
});
