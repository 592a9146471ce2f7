/**
 * A literal reading of frames [RFC 6455 §5.2]: the whole input at once, one rule after the other,
 * no state but a position. Slow and plain on purpose, and written without a look at the reader.
 */

interface Rules {
  readonly role: 'client' | 'server';
  readonly maxFrameBytes?: number | undefined;
  readonly allowRsv1?: boolean | undefined;
}

const DEFAULT_MAX_FRAME_BYTES = 16 * 1024 * 1024;

/** Reads all frames of `bytes` into lines: what a reader must report, in its order. */
export function readFramesLiterally(bytes: Uint8Array, rules: Rules): string[] {
  const input = Buffer.from(bytes);
  const lines: string[] = [];
  let at = 0;
  let isMessageOpen = false;
  while (input.length - at >= 2) {
    const fin = (input[at]! & 0x80) !== 0;
    const rsv = (input[at]! & 0x70) >> 4;
    const opcode = input[at]! & 0x0f;
    const masked = (input[at + 1]! & 0x80) !== 0;
    const code = input[at + 1]! & 0x7f;
    const start = startFault({ fin, rsv, opcode, masked, code }, rules, isMessageOpen);
    if (start !== undefined) return [...lines, `failed ${start}`];

    const extended = code === 127 ? 8 : code === 126 ? 2 : 0;
    const headerLength = 2 + extended + (masked ? 4 : 0);
    if (input.length - at < headerLength) return lines;
    const exact = lengthOf(input, at + 2, code);
    const fault = lengthFault(exact, extended, rules.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES);
    if (fault !== undefined) return [...lines, `failed ${fault}`];

    const key = input.subarray(at + 2 + extended, at + headerLength);
    const keyNumber = masked ? key.readUInt32BE() : 0;
    lines.push(`frame ${fin} ${rsv} ${opcode} ${masked} ${keyNumber} ${exact} ${headerLength}`);
    at += headerLength;
    const length = Number(exact);
    const payload = Buffer.from(input.subarray(at, at + length));
    for (let index = 0; masked && index < payload.length; index += 1) {
      payload[index]! ^= key[index % 4]!;
    }
    const isComplete = payload.length === length;
    // Of a data frame the payload is known as it comes, of a control frame only as a whole.
    if (payload.length > 0 && (isComplete || opcode < 8)) lines.push(payload.toString('hex'));
    if (!isComplete) return lines;
    lines.push('end');
    at += length;
    if (opcode < 8) isMessageOpen = !fin;
  }
  return lines;
}

const NO_STATUS = 1005;

/** The code of the first whole close frame that a literal reading finds. */
export function closeCodeOf(bytes: Uint8Array, rules: Rules): number | undefined {
  const lines = readFramesLiterally(bytes, rules);
  const at = lines.findIndex((line) => /^frame true 0 8 /.test(line));
  if (at === -1 || !lines.includes('end', at)) return undefined;
  const payload = lines[at + 1]!;
  return payload === 'end' ? NO_STATUS : Number.parseInt(payload.slice(0, 4), 16);
}

interface Start {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly code: number;
}

function startFault(start: Start, rules: Rules, isMessageOpen: boolean): string | undefined {
  const { fin, rsv, opcode, masked, code } = start;
  if (![0, 1, 2, 8, 9, 10].includes(opcode)) return 'reserved-opcode';
  const mayBeCompressed = rules.allowRsv1 === true && (opcode === 1 || opcode === 2);
  if (rsv !== 0 && !(rsv === 4 && mayBeCompressed)) return 'reserved-bit';
  if (rules.role === 'server' && !masked) return 'frame-not-masked';
  if (rules.role === 'client' && masked) return 'frame-masked';
  if (opcode >= 8 && !fin) return 'control-frame-fragmented';
  if (opcode >= 8 && code > 125) return 'control-frame-too-long';
  if (opcode === 0 && !isMessageOpen) return 'continuation-without-start';
  if ((opcode === 1 || opcode === 2) && isMessageOpen) return 'message-not-finished';
  return undefined;
}

function lengthOf(input: Buffer, at: number, code: number): bigint {
  if (code === 126) return BigInt(input.readUInt16BE(at));
  return code === 127 ? input.readBigUInt64BE(at) : BigInt(code);
}

function lengthFault(exact: bigint, extended: number, limit: number): string | undefined {
  if (extended === 2 && exact < 126n) return 'length-not-minimal';
  if (extended === 8 && exact < 65_536n) return 'length-not-minimal';
  if (exact >= 2n ** 63n) return 'length-top-bit';
  const most = Number.isFinite(limit) ? BigInt(limit) : 2n ** 53n - 1n;
  return exact > most ? 'frame-too-large' : undefined;
}
