/**
 * Masking sixteen bytes at a time: a small WebAssembly module, its text in mask.wat.
 *
 * It works in place on memory of its own, two pages:
 *
 * ```
 * 0              64 KiB          128 KiB
 * +--------------+---------------+
 * | reading slab | passing slab  |    readers put what they received into the first and take the
 * +--------------+---------------+    mask off there; maskInto sends bytes through the second
 * ```
 * Copying there and back costs less than masking in JavaScript from about 300 bytes on, and it is
 * what leaves the caller's bytes alone (bench/masking). The bytes are translated from mask.wat by
 * tools/codec/build-mask-simd.ts.
 */

/** Bytes of each slab. */
export const SLAB_BYTES = 65_536;

/** The module, made ready. */
export interface MaskSimd {
  /** All of the module's memory: the reading slab, then the passing slab. */
  readonly memory: Buffer;
  /**
   * XORs `memory[at … end)` with the key in place.
   *
   * @param key the key byte for `at` in the lowest eight bits, the next above it, and so on.
   * @returns nonzero when a resulting byte is 0x80 or more.
   */
  readonly mask: (at: number, end: number, key: number) => number;
}

// biome-ignore format: one line, written by tools/codec/build-mask-simd.ts
const MODULE_BASE64 = 'AGFzbQEAAAABCAFgA39/fwF/AwIBAAUEAQECAgcRAgZtZW1vcnkCAARtYXNrAAAKjQIBigIDAnsCfwR7IAL9ESEDIAFBwABrIQUCQANAIAAgBUoNASAA/QAEACAD/VEhByAA/QAEECAD/VEhCCAA/QAEICAD/VEhCSAA/QAEMCAD/VEhCiAAIAf9CwQAIAAgCP0LBBAgACAJ/QsEICAAIAr9CwQwIAQgByAI/VAgCSAK/VD9UP1QIQQgAEHAAGohAAwACwsgAUEQayEFAkADQCAAIAVKDQEgAP0ABAAgA/1RIQcgACAH/QsEACAEIAf9UCEEIABBEGohAAwACwsCQANAIAAgAU4NASAALQAAIAJB/wFxcyEGIAAgBjoAACAEIAb9Ef1QIQQgAkEIeCECIABBAWohAAwACwsgBP1kCw==';

let ready: MaskSimd | undefined;
let isTried = false;

/**
 * Makes the module ready when it is first asked for: about 0.1 ms, synchronously.
 *
 * @returns `undefined` where WebAssembly or its SIMD part is missing or forbidden.
 */
export function maskSimd(): MaskSimd | undefined {
  if (!isTried) {
    isTried = true;
    ready = instantiate();
  }
  return ready;
}

/** The bytes of the module, for the spec that compares them with mask.wat. */
export function maskSimdModule(): Buffer {
  return Buffer.from(MODULE_BASE64, 'base64');
}

/** As much of the WebAssembly namespace as is used here; the type library of Node has none of it. */
interface WebAssemblyNamespace {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
  ) => {
    readonly exports: {
      readonly memory: { readonly buffer: ArrayBuffer };
      readonly mask: MaskSimd['mask'];
    };
  };
}

function instantiate(): MaskSimd | undefined {
  try {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyNamespace };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(maskSimdModule()));
    const { memory, mask } = exports;
    return { memory: Buffer.from(memory.buffer), mask };
  } catch {
    return undefined;
  }
}
