import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCli } from '../../../tools/cli/run-cli.ts';
import { ws } from '../../../tools/conformance/peers/ws.ts';

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], signal = new AbortController().signal): Promise<Run> {
  let out = '';
  let err = '';
  const code = await runCli(args, {
    out: { write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
    signal,
  });
  return { code, out, err };
}

t.test('says what it is, and what it can do', async (t) => {
  const { version } = JSON.parse(
    readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8'),
  );
  t.same(await run(['--version']), { code: 0, out: `${version}\n`, err: '' });
  t.match(await run(['--help']), {
    code: 0,
    out: /^usage: barewire <command>[\s\S]*conform/,
    err: '',
  });
  t.match(await run([]), { code: 2, out: '', err: /^usage: barewire <command>/ });
  t.match(await run(['conform', '--help']), { code: 0, out: /^usage: barewire conform server/ });
});

t.test('a wrong argument gets one line, how it is used, and exit code 2', async (t) => {
  const wrong: [args: string, line: RegExp][] = [
    ['frob', /^barewire: there is no command "frob"$/],
    ['toString', /^barewire: there is no command "toString"$/],
    ['conform', /say what to test/],
    ['conform frob', /"frob" is none of server, client, list/],
    ['conform server', /which server\?/],
    ['conform server x', /"x" is no URL/],
    ['conform server http://x', /begins with neither ws:\/\/ nor wss:\/\//],
    ['conform server ws://x/#y', /a part that a WebSocket URL does not have/],
    ['conform server ws://x --frob', /Unknown option '--frob'/],
    ['conform server ws://x --parallel 0', /--parallel wants a whole number/],
    ['conform server ws://x --parallel many', /--parallel wants a whole number/],
    ['conform server ws://x --listen 9001', /--listen has no meaning with "conform server"/],
    ['conform server ws://x ws://y --agent z', /--agent names one server/],
    ['conform server ws://x --cases 8.1', /no case matches "8.1"/],
    ['conform server ws://x --only-failed nowhere', /cannot read nowhere\/index.json/],
    ['conform server ws://x --out package.json', /no reports can be written there: EEXIST/],
    ['conform server ws://x --out package.json/x', /no reports can be written there: ENOTDIR/],
    ['conform list x', /"x" is one argument too many/],
    ['conform list --listen 1', /--listen has no meaning with "conform list"/],
    ['conform list --agent x', /--agent has no meaning with "conform list"/],
    ['conform list --strict', /--strict has no meaning with "conform list"/],
    ['conform client x', /one argument too many/],
    ['conform client --listen x', /--listen wants a port or host:port, not "x"/],
    ['conform client --listen 70000', /--listen wants/],
    ['conform client --parallel 3', /--parallel has no meaning with "conform client"/],
  ];
  for (const [args, line] of wrong) {
    const { code, out, err } = await run(args.split(' '));
    t.equal(code, 2, args);
    t.match(err.split('\n')[0], line, args);
    t.match(err, /usage: barewire/);
    t.ok(err.split('\n').length < 12, 'the line is not pushed out of sight');
    t.equal(out, '');
  }
});

t.test('lists cases', async (t) => {
  const { code, out } = await run(['conform', 'list', '--cases', '2.1,2.10', '--cases', 'b6.1.1']);
  t.equal(code, 0);
  t.match(
    out,
    /^2\.1 +A ping without payload\.\n2\.10 +Ten pings back to back\.\nb6\.1\.1 +No key\.\n$/,
  );
});

t.test('tests a server, writes reports, and ends with 0', async (t) => {
  const server = await ws.serve!();
  t.teardown(() => server.close());
  const folder = join(t.testdir(), 'out');
  const url = `ws://127.0.0.1:${server.port}`;
  const args = ['conform', 'server', url, '--cases', '2.*', '--agent', 'tested', '--out', folder];
  const { code, out, err } = await run(args);
  t.equal(code, 0);
  t.match(out, /^tested: 11 cases\n {2}behaviour {2}OK 11\n/);
  t.match(out, /Report: .*index\.html\n$/);
  t.match(err, /11\/11 · OK 11/);
  t.ok(existsSync(join(folder, 'tested_case_2_1.html')));
  const again = await run([...args, '--baseline', folder, '--strict']);
  t.match(again, { code: 0, out: /Nothing is worse than in the baseline/ });
  const rest = await run(['conform', 'server', url, '--only-failed', folder, '--out', folder]);
  t.same(rest, { code: 0, out: 'Nothing failed there: no case is left to run.\n', err: '' });
  t.ok(existsSync(join(folder, 'tested_case_2_1.html')), 'and what was there stays');
});

t.test('a failure ends with 1, nobody there with 3, an interruption with 130', async (t) => {
  const server = await ws.serve!();
  t.teardown(() => server.close());
  const url = `ws://127.0.0.1:${server.port}`;
  const few = ['--no-report', '--cases', '9.3.2'];
  t.match(await run(['conform', 'server', url, ...few]), { code: 1, out: /9\.3\.2 +FAILED/ });
  t.match(await run(['conform', 'server', 'ws://127.0.0.1:1', ...few]), {
    code: 3,
    err: /ws:\/\/127\.0\.0\.1:1\/: Nobody listens there/,
  });
  const strict = ['--no-report', '--cases', '6.4.1', '--strict'];
  t.match(await run(['conform', 'server', url, ...strict]), {
    code: 1,
    out: /Fine, but not strict: 6\.4\.1/,
  });
  const controller = new AbortController();
  controller.abort();
  const interrupted = await run(['conform', 'server', url, ...few], controller.signal);
  t.match(interrupted, { code: 130, out: /Not run: interrupted/ });
});

t.test('tests a client that it starts itself', async (t) => {
  const script = new URL('../../../tools/conformance/peers/run-client.js', import.meta.url)
    .pathname;
  const command = `"${process.execPath}" "${script}" ws`;
  const args = ['conform', 'client', '--listen', '0', '--cases', '2.*', '--no-report'];
  const { code, out, err } = await run([...args, '--run', command]);
  t.equal(code, 0, err);
  t.match(out, /^ws [\d.]+: 11 cases\n {2}behaviour {2}OK 11\n/);
  t.match(err, /^ws [\d.]+ 11\/11 · OK 11$/m, 'and shows how far it is');
  const none = await run([...args, '--run', `"${process.execPath}" -e "process.exit(4)"`]);
  t.match(none, {
    code: 3,
    out: /UnknownClient: 11 cases/,
    err: /No client has run a case[\s\S]*ended with 4/,
  });
});
