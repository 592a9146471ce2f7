import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { FAST_PATHS, hasFastPath } from 'barewire/base';
import t, { type Test } from 'tap';
import { readFastPaths } from '../../lib/base/fast-paths.ts';

// One process of its own runs many specs, one after the other.
t.setTimeout(300_000);

t.test('takes fast paths unless it is told not to', (t) => {
  const all = [...FAST_PATHS];
  t.strictSame([...readFastPaths(undefined)], all);
  t.strictSame([...readFastPaths('on')], all);
  t.strictSame([...readFastPaths('off')], []);
  const some = all.filter((path) => path !== 'mask' && path !== 'outbox');
  t.strictSame([...readFastPaths('-mask,-outbox')], some);
  t.strictSame([...readFastPaths(all.map((path) => `-${path}`).join())], []);
  for (const setting of ['', 'no', '0', 'OFF', 'mask', '-masks', '-mask,', '-mask -outbox', '--']) {
    t.throws(() => readFastPaths(setting), { code: 'invalid-option' }, JSON.stringify(setting));
  }
  const taken = readFastPaths(process.env['BAREWIRE_FAST_PATHS']);
  for (const path of FAST_PATHS) t.equal(hasFastPath(path), taken.has(path), path);
  t.end();
});

function runWith(setting: string, args: readonly string[]): SpawnSyncReturns<string> {
  const env = { ...process.env, BAREWIRE_FAST_PATHS: setting };
  return spawnSync(process.execPath, args, { env, encoding: 'utf8' });
}

/** What a process of its own sees with a setting. */
function seenWith(setting: string): string {
  const script = `
    import { resolveSettings } from ${JSON.stringify(import.meta.resolve('../../lib/server/server-settings.js'))};
    import { Scratch } from ${JSON.stringify(import.meta.resolve('../../lib/codec/scratch.js'))};
    const { sharedReadBuffer, directWrites } = resolveSettings({});
    console.log(sharedReadBuffer, directWrites, Scratch.borrow(1).mask !== undefined);
  `;
  const { stdout, stderr } = runWith(setting, ['--input-type=module', '--eval', script]);
  return stdout.trim() || (/code: '([a-z-]+)'/.exec(stderr)?.[1] ?? stderr);
}

t.test('is read from the environment when a process begins', (t) => {
  t.equal(seenWith('on'), 'true true true');
  t.equal(seenWith('off'), 'false false false');
  t.equal(seenWith('-mask,-shared-read'), 'false true false');
  t.equal(seenWith('sometimes'), 'invalid-option');
  t.end();
});

/** Those that together go through every fast path, in the time that a test run can spare. */
const SPECS = [
  ...['codec/frame-reader', 'codec/frame-writer', 'codec/mask', 'codec/payload-text'],
  ...['connection/connection', 'connection/message-assembler', 'connection/outbox'],
  ...['deflate/conversation', 'http/request-reader', 'http/repeated-section', 'peer/broadcast'],
  ...['peer/websocket-peer', 'server/exchange', 'server/http-server', 'server/websocket-route'],
];

/** Runs specs in one process: most of the time of one goes by before its first test. */
function expectPasses(t: Test, setting: string, specs: readonly string[]): void {
  const imports = specs.map((spec) => {
    return `import ${JSON.stringify(import.meta.resolve(`../${spec}.js`))};`;
  });
  const { status, stdout } = runWith(setting, [
    '--input-type=module',
    '--eval',
    imports.join('\n'),
  ]);
  t.strictSame(stdout.match(/^not ok .*/gm), null);
  t.equal(status, 0);
  const passed = stdout.match(/^ok /gm) ?? [];
  t.ok(passed.length > 7 * specs.length, `${passed.length} tests have run`);
}

t.test('other specs pass without fast paths, too', (t) => {
  const names = SPECS.map((spec) => `${spec}.spec`);
  expectPasses(t, 'off', names);
  t.end();
});

t.test('a connection keeps its laws when each message is a write', (t) => {
  const names = ['connection.spec', 'connection.prop', 'ending.spec', 'connection-input.spec'];
  expectPasses(
    t,
    '-one-write',
    names.map((name) => `connection/${name}`),
  );
  t.end();
});
