/**
 * Frames that many connections send. Several broadcasts in one turn leave every connection with the
 * same buffers: they are joined for the first one, and the others share the result.
 */

/** The last shared buffers that were joined, and what became of them. */
const joined = { parts: [] as readonly Buffer[], bytes: Buffer.alloc(0) };

/**
 * Joins buffers that never change, `byteLength` bytes of them. For those that it joined last the
 * result is the same Buffer, which must not be changed either.
 */
export function joinOnce(parts: readonly Buffer[], byteLength: number): Buffer {
  const isSame =
    parts.length === joined.parts.length &&
    parts.every((part, index) => part === joined.parts[index]);
  if (isSame) return joined.bytes;
  joined.parts = parts;
  joined.bytes = Buffer.concat(parts, byteLength);
  return joined.bytes;
}
