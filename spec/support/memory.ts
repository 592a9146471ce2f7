/** Memory of the kinds that the type library of the compiler's target does not know yet. */

/** An ArrayBuffer that can change its size. */
export interface ResizableMemory extends ArrayBuffer {
  resize(byteLength: number): void;
}

/** Makes memory that can grow up to `maxByteLength`. */
export function resizableMemory(byteLength: number, maxByteLength: number): ResizableMemory {
  const Resizable = ArrayBuffer as unknown as new (
    byteLength: number,
    options: { maxByteLength: number },
  ) => ResizableMemory;
  return new Resizable(byteLength, { maxByteLength });
}

/** Takes the memory away from everything that looks at it. */
export function detach(memory: ArrayBuffer): void {
  structuredClone(memory, { transfer: [memory] });
}
