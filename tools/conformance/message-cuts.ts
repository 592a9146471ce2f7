/**
 * Data messages on their way into frames: where they are cut, and what stands on which piece.
 */
import type { FuzzerPeer } from './fuzzer-peer.ts';
import type { Step } from './model.ts';
import { expand, fragment } from './script.ts';

/** Sends a message as a script wants it. */
export function playMessage(peer: FuzzerPeer, step: Extract<Step, { do: 'message' }>): void {
  const { opcode, payload, chop, fragmentBytes = 0 } = step;
  const lengths = fragment(payload.length, fragmentBytes, step.withoutEmptyEnd);
  if (lengths.length === 1) {
    peer.sendFrame({ opcode, payload, chop });
    return;
  }
  const bytes = expand(payload);
  let at = 0;
  for (const [index, length] of lengths.entries()) {
    const pattern = bytes.subarray(at, at + length);
    const fin = index === lengths.length - 1;
    const piece = { payload: { pattern, length }, fin, chop };
    peer.sendFrame({ ...piece, opcode: index === 0 ? opcode : 0 });
    at += length;
  }
}

/**
 * Sends the payload of a message, compressed or not, cut every `fragmentBytes`.
 *
 * @param rsv of the first frame: what marks a compressed message stands nowhere else
 * [RFC 7692 §6.1].
 */
export function sendCut(
  peer: FuzzerPeer,
  bytes: Buffer,
  isBinary: boolean,
  fragmentBytes: number,
  rsv: number,
): void {
  peer.sent.payload += bytes.length;
  const lengths = fragment(bytes.length, fragmentBytes);
  let at = 0;
  for (const [index, length] of lengths.entries()) {
    const pattern = bytes.subarray(at, at + length);
    peer.sendFrame({
      opcode: index > 0 ? 0 : isBinary ? 2 : 1,
      payload: { pattern, length },
      fin: index === lengths.length - 1,
      rsv: index > 0 ? 0 : rsv,
    });
    at += length;
  }
}
