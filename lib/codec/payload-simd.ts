/**
 * Payload bytes sixteen at a time: a small WebAssembly module, its text in payload.wat.
 *
 * It takes masks off and puts them on [RFC 6455 §5.3], and turns UTF-8 into UTF-16 while checking
 * it, always in memory of its own:
 *
 * ```
 * 0              64 KiB         128 KiB         192 KiB       320 KiB
 * +--------------+--------------+---------------+-------------+-------+
 * | reading slab | passing slab | read memory   | text        | slack |
 * +--------------+--------------+---------------+-------------+-------+
 *   readers copy   others let     sockets read    UTF-16
 *   to it          bytes pass     to it
 * ```
 * Copying there and back costs less than working in JavaScript from about 300 bytes on, and it is
 * what leaves the caller's bytes alone (bench/masking). The bytes are translated from payload.wat
 * by tools/codec/build-payload-simd.ts.
 *
 * Longer than the house allows: the module itself is one line of base64.
 */

/** Bytes of the reading slab, from index 0, and of the passing slab, from this index. */
export const SLAB_BYTES = 65_536;

/** Where sockets read to, 64 KiB as well: see read-memory.ts. */
export const READ_AT = 2 * SLAB_BYTES;

/** Where texts are decoded to: room for as many UTF-16 units as a slab has bytes. */
export const TEXT_AT = 3 * SLAB_BYTES;

/** The module, made ready. */
export interface PayloadSimd {
  /** All of the module's memory. */
  readonly memory: Buffer;
  /**
   * XORs `memory[at … end)` with the key in place.
   *
   * @param key the key byte for `at` in the lowest eight bits, the next above it, and so on.
   * @returns nonzero when a resulting byte is 0x80 or more.
   */
  readonly mask: (at: number, end: number, key: number) => number;
  /**
   * Turns the UTF-8 of `memory[at … end)`, at most 64 KiB of it, into UTF-16 at `out`.
   *
   * @returns the number of units, with bit 31 set when one of them is above 0xFF; -1 when the bytes
   *   are not well-formed.
   */
  readonly decode: (at: number, end: number, out: number) => number;
  /** Turns units below 0x100 into bytes, in place. */
  readonly narrow: (at: number, units: number) => void;
}

// biome-ignore format: one line, written by tools/codec/build-payload-simd.ts
const MODULE_BASE64 = 'AGFzbQEAAAABDQJgA39/fwF/YAJ/fwADBAMAAAEFBAEBBgYHIwQGbWVtb3J5AgAEbWFzawAABmRlY29kZQABBm5hcnJvdwACCvQFA4oCAwJ7An8EeyAC/REhAyABQcAAayEFAkADQCAAIAVKDQEgAP0ABAAgA/1RIQcgAP0ABBAgA/1RIQggAP0ABCAgA/1RIQkgAP0ABDAgA/1RIQogACAH/QsEACAAIAj9CwQQIAAgCf0LBCAgACAK/QsEMCAEIAcgCP1QIAkgCv1Q/VD9UCEEIABBwABqIQAMAAsLIAFBEGshBQJAA0AgACAFSg0BIAD9AAQAIAP9USEHIAAgB/0LBAAgBCAH/VAhBCAAQRBqIQAMAAsLAkADQCAAIAFODQEgAC0AACACQf8BcXMhBiAAIAY6AAAgBCAG/RH9UCEEIAJBCHghAiAAQQFqIQAMAAsLIAT9ZAuhAwEHfyACIQMCQAJAA0AgACABTg0BIAIgAP0CAwD9CwQAIAEgAGshBSAAKQMAQoCBgoSIkKDAgH+DeqdBA3YhBiAGIAVOBEAgAiAFQQF0aiECDAILIAAgBmohACACIAZBAXRqIQIgBkEIRg0AA0AgACgCACEHIAdBD3FBDHQgB0ECdkHAH3EgB0EQdkE/cXJyIQggB0HwgYMGcUHggYIERgRAQQMhCSAIQYAQSQ0EIAhBgPADcUGAsANGDQQgAiAIOwEABSAHQeCBA3FBwIECRgRAQQIhCSAHQR9xQQZ0IAdBCHZBP3FyIQggCEGAAUkNBSACIAg7AQAFQQQhCSAHQfiBg4Z8cUHwgYKEeEcNBSAIQQZ0IAdBGHZqQYCBBGshCCAIQf//P0sNBSACQYCwAyAIQQp2cjsBACACQYC4AyAIQf8HcXI7AQIgAkECaiECQf//AyEICwsgBCAIciEEIAAgCWohACACQQJqIQIgACABSg0DIAAgAUYNAiAALQAAQf8ASw0ACwwACwsgAiADa0EBdiAEQf8BS0EfdHIPC0F/C0MBAn8gACECIAAgAUEBdGohAwJAA0AgACADTg0BIAIgAP0ABAAgAP0ABBD9Zv0LBAAgAEEgaiEAIAJBEGohAgwACwsL';

let ready: PayloadSimd | undefined;
let isTried = false;

/**
 * Makes the module ready when it is first asked for: about 0.2 ms, synchronously.
 *
 * @returns `undefined` where WebAssembly or its SIMD part is missing or forbidden.
 */
export function payloadSimd(): PayloadSimd | undefined {
  if (!isTried) {
    isTried = true;
    ready = instantiate();
  }
  return ready;
}

/** The bytes of the module, for the spec that compares them with payload.wat. */
export function payloadSimdModule(): Buffer {
  return Buffer.from(MODULE_BASE64, 'base64');
}

type ModuleExports = Omit<PayloadSimd, 'memory'> & {
  readonly memory: { readonly buffer: ArrayBuffer };
};

/**
 * As much of the WebAssembly namespace as is used here; the type library of Node has none of it.
 */
interface WebAssemblyNamespace {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: ModuleExports };
}

function instantiate(): PayloadSimd | undefined {
  try {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyNamespace };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(payloadSimdModule()));
    const { memory, mask, decode, narrow } = exports;
    return { memory: Buffer.from(memory.buffer), mask, decode, narrow };
  } catch {
    return undefined;
  }
}
