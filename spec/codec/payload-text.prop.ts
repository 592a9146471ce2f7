import { decodeUtf8, setMaskingStrategy } from 'barewire/codec';
import fc from 'fast-check';
import t from 'tap';
import { runs } from '../support/laws.ts';
import { anyText, decodeOrRefuse } from '../support/utf8-arbitraries.ts';

t.teardown(() => setMaskingStrategy('auto'));

for (const strategy of ['auto', 'bytes', 'words', 'simd'] as const) {
  t.test(`law: decodes and refuses by ${strategy} what TextDecoder does`, (t) => {
    setMaskingStrategy(strategy);
    fc.assert(
      fc.property(anyText, fc.nat(9), fc.nat(9), (text, before, after) => {
        const bytes = Buffer.concat([Buffer.alloc(before, 0x80), text, Buffer.alloc(after, 0xbf)]);
        const end = before + text.length;
        return decodeUtf8(bytes, before, end) === decodeOrRefuse(text);
      }),
      runs(2000),
    );
    t.pass('no counterexample');
    t.end();
  });
}
