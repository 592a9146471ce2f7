/**
 * Opcodes: what a frame is for [RFC 6455 §5.2].
 *
 * ```
 * 0 continuation   8 close
 * 1 text           9 ping          3 – 7 and B – F are reserved: a frame that uses one fails the
 * 2 binary         A pong          connection, because no extension that we know defines them
 *   data: top bit clear, control: top bit set [RFC 6455 §5.5, §5.6]
 * ```
 */

/** The opcodes that the RFC defines. */
export const OPCODE = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** One bit for each defined opcode: 0, 1, 2, 8, 9, 10. */
const DEFINED = 0b0000_0111_0000_0111;

/** Tells whether an opcode (0 – 15) is one of the six that the RFC defines [RFC 6455 §5.2]. */
export function isDefinedOpcode(opcode: number): boolean {
  return ((DEFINED >>> opcode) & 1) === 1;
}

/** Tells whether an opcode (0 – 15) belongs to a control frame: top bit set [RFC 6455 §5.5]. */
export function isControlOpcode(opcode: number): boolean {
  return opcode >= 0x8;
}
