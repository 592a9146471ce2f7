/**
 * What came where an HTTP head was expected, told so that people see their mistake: a port that
 * belongs to something else, TLS where there should be none, half an answer.
 */
import { MAX_HEAD_BYTES } from './head-scan.ts';
import type { Role } from './model.ts';

/** Says what kind of thing came from a client or server instead of a whole HTTP head. */
export function describeGarbage(bytes: Buffer, from: Role): string {
  // A TLS record: alert or handshake, protocol version 3.x.
  if ((bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 0x03) {
    return from === 'server' ? 'The peer speaks TLS: try wss://' : 'The peer speaks TLS: try ws://';
  }
  const line = /^[\x20-\x7e]*/.exec(bytes.toString('latin1', 0, 60))![0];
  const isText = line.length > 3;
  if (bytes.length > MAX_HEAD_BYTES && line.includes('HTTP/')) {
    return `The head is longer than ${MAX_HEAD_BYTES} octets: ${JSON.stringify(line)}`;
  }
  if (line.startsWith('HTTP/') && bytes.indexOf('\r\n\r\n') < 0) {
    return `Only a part of a head came: ${JSON.stringify(line)}`;
  }
  const shown = isText ? JSON.stringify(line) : `octets ${bytes.toString('hex', 0, 16)} …`;
  return `The peer did not speak HTTP (${shown})`;
}
