/**
 * Translates lib/codec/mask.wat and writes its bytes into lib/codec/mask-simd.ts.
 *
 *   node dist/tools/codec/build-mask-simd.js           after `npm run build`; then build again
 *
 * The spec of mask-simd translates as well and compares, so the two cannot drift apart.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const source = join(root, 'lib/codec/mask.wat');
const target = join(root, 'lib/codec/mask-simd.ts');

/** Where the bytes stand: base64 in one string literal. */
const LITERAL = /(const MODULE_BASE64 =\s*)'[^']*'/;

/** Translates the text of lib/codec/mask.wat. */
export async function translateMaskModule(): Promise<Buffer> {
  const { parseWat } = await wabt();
  const module = parseWat('mask.wat', readFileSync(source, 'utf8'), { simd: true });
  try {
    return Buffer.from(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const bytes = await translateMaskModule();
  const text = readFileSync(target, 'utf8');
  if (!LITERAL.test(text)) throw new Error(`no MODULE_BASE64 in ${target}`);
  writeFileSync(target, text.replace(LITERAL, `$1'${bytes.toString('base64')}'`));
  console.log(`${bytes.length} bytes → lib/codec/mask-simd.ts`);
}
