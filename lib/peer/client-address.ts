/**
 * Who is at the other end, and with whom it shares a limit.
 *
 * ```
 * ::ffff:192.0.2.7          192.0.2.7           an IPv4 client of a dual-stack socket
 * 192.0.2.7                 192.0.2.7           counts for itself
 * 2001:db8:1:2:a:b:c:d      2001:db8:1:2::/64   one customer has at least a /64
 * ```
 */
import type { Duplex } from 'node:stream';

/** The other end of a connection. */
export interface ClientAddress {
  /** IPv4 or IPv6 address; IPv4 also when the socket calls it `::ffff:…`. "" on a unix socket. */
  readonly address: string;
  /** Port; 0 on a unix socket. */
  readonly port: number;
}

const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/** What knows it: a socket. Other streams have neither. */
interface Addressed {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Reads the address of a socket's other end, which is "" for streams that have none. */
export function readClientAddress(socket: Duplex | Addressed): ClientAddress {
  const { remoteAddress, remotePort } = socket as Addressed;
  return { address: plainAddress(remoteAddress ?? ''), port: remotePort ?? 0 };
}

function plainAddress(address: string): string {
  if (!address.startsWith('::')) return address;
  return MAPPED.exec(address)?.[1] ?? address;
}

/** Returns the key under which connections of an address are counted together. */
export function addressGroup(address: string): string {
  if (!address.includes(':')) return address;
  const [bare = ''] = address.split('%');
  const [left = '', right] = bare.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  const groups = right === undefined ? head : [...head, ...zeros, ...tail];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
