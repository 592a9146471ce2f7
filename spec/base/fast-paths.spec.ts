import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { HAS_FAST_PATHS } from 'barewire/base';
import t from 'tap';
import { readFastPaths } from '../../lib/base/fast-paths.ts';

// One process of its own runs many specs, one after the other.
t.setTimeout(300_000);

t.test('takes fast paths unless it is told not to', (t) => {
  t.equal(readFastPaths(undefined), true);
  t.equal(readFastPaths('on'), true);
  t.equal(readFastPaths('off'), false);
  for (const setting of ['', 'no', '0', 'OFF', 'false']) {
    t.throws(() => readFastPaths(setting), { code: 'invalid-option' }, JSON.stringify(setting));
  }
  t.equal(HAS_FAST_PATHS, readFastPaths(process.env['BAREWIRE_FAST_PATHS']));
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

t.test('other specs pass without fast paths, too', (t) => {
  // All in one process: most of the time of one goes by before its first test.
  const imports = SPECS.map((spec) => {
    return `import ${JSON.stringify(import.meta.resolve(`../${spec}.spec.js`))};`;
  });
  const { status, stdout } = runWith('off', ['--input-type=module', '--eval', imports.join('\n')]);
  t.strictSame(stdout.match(/^not ok .*/gm), null);
  t.equal(status, 0);
  const passed = stdout.match(/^ok /gm) ?? [];
  t.ok(passed.length > 10 * SPECS.length, `${passed.length} tests have run`);
  t.end();
});
