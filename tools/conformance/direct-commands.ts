/**
 * Direct commands: a client that connects to any other path may tell the fuzzer what to send.
 *
 * ```
 * ["sendframe", { opcode, payload, fin, rsv, mask, payload_len, chopsize, sync }]
 * ["sendframes", [{ … }, …]]
 * ["close", { code, reason }]
 * ["echo", { payload, payload_len }]          one text message back
 * ```
 * Each is a text message in JSON. What is no command is ignored.
 */
import type { FuzzerPeer } from './fuzzer-peer.ts';
import { close, closeWith, repeat } from './script.ts';

type Options = Readonly<Record<string, unknown>>;

/** Largest payload that a client may ask for. */
const MAX_OCTETS = 16 * 1024 * 1024;

/** Carries out one message. */
export function runDirectCommand(text: string, peer: FuzzerPeer): void {
  const [name, argument] = parse(text);
  switch (name) {
    case 'sendframe':
      sendFrame(peer, argument);
      break;
    case 'sendframes':
      if (Array.isArray(argument)) for (const each of argument) sendFrame(peer, each);
      break;
    case 'close':
      sendClose(peer, argument);
      break;
    case 'echo':
      sendFrame(peer, { ...asOptions(argument), opcode: 1 });
      break;
  }
  peer.flush();
}

function parse(text: string): readonly [name: unknown, argument: unknown] {
  try {
    const command: unknown = JSON.parse(text);
    return Array.isArray(command) ? [command[0], command[1]] : [undefined, undefined];
  } catch {
    return [undefined, undefined];
  }
}

const asOptions = (value: unknown): Options =>
  typeof value === 'object' && value !== null ? (value as Options) : {};

const asNumber = (value: unknown, max: number): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
    ? value
    : undefined;

/** A mask of four characters, one an octet; as server we mask only with one. */
function asMask(value: unknown): { isMaskedWrongly?: boolean; maskingKey?: number } {
  if (typeof value !== 'string') return {};
  const octets = Buffer.from(value, 'latin1');
  return octets.length === 4
    ? { isMaskedWrongly: true, maskingKey: octets.readUInt32BE(0) }
    : { isMaskedWrongly: true };
}

function sendFrame(peer: FuzzerPeer, value: unknown): void {
  const options = asOptions(value);
  const pattern = typeof options['payload'] === 'string' ? options['payload'] : '';
  const length = asNumber(options['payload_len'], MAX_OCTETS) ?? Buffer.byteLength(pattern);
  const chop = asNumber(options['chopsize'], MAX_OCTETS);
  peer.sendFrame({
    opcode: asNumber(options['opcode'], 15) ?? 1,
    payload: repeat(pattern, pattern === '' ? 0 : length),
    fin: options['fin'] !== false,
    rsv: asNumber(options['rsv'], 7) ?? 0,
    chop: chop === 0 ? undefined : chop,
    sync: options['sync'] === true,
    ...asMask(options['mask']),
  });
}

function sendClose(peer: FuzzerPeer, value: unknown): void {
  const { code, reason } = asOptions(value);
  const number = asNumber(code, 65_535);
  const step =
    number === undefined ? closeWith('') : close(number, typeof reason === 'string' ? reason : '');
  if (step.do === 'close') peer.sendClose(step.payload);
}
