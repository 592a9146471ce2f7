/**
 * A frame decoder as one would write it on a blackboard: the whole input at once, one rule a line,
 * nothing fast, nothing shared with the library. It says what the reader must report.
 */
import type { LoggedFrame } from './frame-log.ts';

/** What the naive decoder goes by. */
export interface NaiveRules {
  readonly role: 'client' | 'server';
  readonly allowRsv1?: boolean | undefined;
  readonly maxFrameBytes: number;
}

/** Frames in order, the last perhaps unfinished, and the code of the failure that ended it. */
export interface NaiveResult {
  readonly frames: LoggedFrame[];
  readonly failures: string[];
}

/** Decodes all of `input`. */
export function decodeNaively(input: Uint8Array, rules: NaiveRules): NaiveResult {
  const frames: LoggedFrame[] = [];
  let rest = Array.from(input);
  let unfinished = false;
  while (rest.length >= 2) {
    const bits = [...rest[0]!.toString(2).padStart(8, '0')].map(Number);
    const fin = bits[0] === 1;
    const rsv = bits[1]! * 4 + bits[2]! * 2 + bits[3]!;
    const opcode = rest[0]! % 16;
    const masked = rest[1]! >= 128;
    const code = rest[1]! % 128;
    const isControl = [8, 9, 10].includes(opcode);
    const fail = (failure: string): NaiveResult => ({ frames, failures: [failure] });

    if (![0, 1, 2, 8, 9, 10].includes(opcode)) return fail('reserved-opcode');
    const rsvAllowed = rsv === 0 || (rsv === 4 && rules.allowRsv1 && [1, 2].includes(opcode));
    if (!rsvAllowed) return fail('reserved-bit');
    if (rules.role === 'server' && !masked) return fail('frame-not-masked');
    if (rules.role === 'client' && masked) return fail('frame-masked');
    if (isControl && !fin) return fail('control-frame-fragmented');
    if (isControl && code > 125) return fail('control-frame-too-long');
    if (opcode === 0 && !unfinished) return fail('continuation-without-start');
    if ([1, 2].includes(opcode) && unfinished) return fail('message-not-finished');

    const lengthBytes = code === 126 ? 2 : code === 127 ? 8 : 0;
    const headerLength = 2 + lengthBytes + (masked ? 4 : 0);
    if (rest.length < headerLength) break;
    const digits = rest.slice(2, 2 + lengthBytes).map((byte) => byte.toString(16).padStart(2, '0'));
    const length = lengthBytes === 0 ? BigInt(code) : BigInt(`0x${digits.join('')}`);
    if (lengthBytes === 2 && length < 126n) return fail('length-not-minimal');
    if (lengthBytes === 8 && length < 65_536n) return fail('length-not-minimal');
    if (length >= 2n ** 63n) return fail('length-top-bit');
    if (length > Math.min(rules.maxFrameBytes, 2 ** 53 - 1)) return fail('frame-too-large');

    const key = masked ? rest.slice(headerLength - 4, headerLength) : [0, 0, 0, 0];
    const wanted = Number(length);
    const payload = rest
      .slice(headerLength, headerLength + wanted)
      .map((byte, index) => byte ^ key[index % 4]!);
    const ended = payload.length === wanted;
    frames.push({
      fin,
      rsv,
      opcode,
      maskingKey: masked ? Buffer.from(key).readUInt32BE() : undefined,
      // A control frame's payload comes in one piece, so an unfinished one has not come at all.
      payload: isControl && !ended ? '' : Buffer.from(payload).toString('hex'),
      ended,
    });
    if (!isControl) unfinished = !fin;
    rest = rest.slice(headerLength + wanted);
  }
  return { frames, failures: [] };
}
