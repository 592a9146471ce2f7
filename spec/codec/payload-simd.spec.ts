import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import {
  payloadSimd,
  payloadSimdModule,
  SLAB_BYTES,
  TEXT_AT,
} from '../../lib/codec/payload-simd.ts';
import { translatePayloadModule } from '../../tools/codec/build-payload-simd.ts';

t.test('holds the translation of payload.wat', async (t) => {
  const translated = await translatePayloadModule();
  t.same(payloadSimdModule(), translated, 'node dist/tools/codec/build-payload-simd.js');
});

t.test('brings memory of its own and masks in it', (t) => {
  const simd = payloadSimd();
  t.ok(simd);
  const { memory, mask } = simd!;
  t.equal(memory.length, TEXT_AT + 3 * SLAB_BYTES);
  t.equal(payloadSimd(), simd, 'it is made once');
  memory.fill(0x41, 0, 200);
  t.equal(mask(3, 150, 0), 0);
  t.ok(mask(3, 150, 0x80));
  t.equal(memory[2], 0x41);
  t.equal(memory[3], 0xc1);
  t.equal(memory[150], 0x41);
  t.end();
});

/** Runs a piece of a program where WebAssembly is not what it should be. */
function runWithout(preparation: string): string {
  const codec = new URL('../../lib/codec/index.js', import.meta.url).href;
  const program = `
    ${preparation}
    const { maskInto, setMaskingStrategy } = await import(${JSON.stringify(codec)});
    const bytes = Buffer.alloc(5000, 1);
    maskInto(bytes, 0, 5000, bytes, 0, 0x01010101, 0);
    let refused = '';
    try { setMaskingStrategy('simd'); } catch (error) { refused = error.code; }
    console.log(bytes.every((byte) => byte === 0), refused);`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { encoding: 'utf8', cwd: fileURLToPath(new URL('../..', import.meta.url)) },
  );
  return stdout.trim() || stderr;
}

t.test('does without where there is no WebAssembly, or no room for it', (t) => {
  t.equal(runWithout('delete globalThis.WebAssembly;'), 'true not-supported');
  t.equal(
    runWithout('WebAssembly.Module = class { constructor() { throw new Error(); } };'),
    'true not-supported',
  );
  t.end();
});
