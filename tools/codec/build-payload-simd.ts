/**
 * Translates lib/codec/payload.wat and writes its bytes into lib/codec/payload-simd.ts.
 *
 *   node dist/tools/codec/build-payload-simd.js           after `npm run build`; then build again
 *
 * The spec of payload-simd translates as well and compares, so the two cannot drift apart.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const source = join(root, 'lib/codec/payload.wat');
const target = join(root, 'lib/codec/payload-simd.ts');

/** Where the bytes stand: base64 in one string literal. */
const LITERAL = /(const MODULE_BASE64 =\s*)'[^']*'/;

/** Translates the text of lib/codec/payload.wat. */
export async function translatePayloadModule(): Promise<Buffer> {
  const { parseWat } = await wabt();
  const module = parseWat('payload.wat', readFileSync(source, 'utf8'), { simd: true });
  try {
    return Buffer.from(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const bytes = await translatePayloadModule();
  const text = readFileSync(target, 'utf8');
  if (!LITERAL.test(text)) throw new Error(`no MODULE_BASE64 in ${target}`);
  writeFileSync(target, text.replace(LITERAL, `$1'${bytes.toString('base64')}'`));
  console.log(`${bytes.length} bytes → lib/codec/payload-simd.ts`);
}
