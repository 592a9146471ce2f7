/** What options of a client can be, besides what `barewire/base` knows. */
import { isIP } from 'node:net';
import type { OptionKind } from '../base/index.ts';

/** IPv4 or IPv6. */
export const AN_IP_ADDRESS: OptionKind = {
  what: 'an IP address',
  fits: (value) => typeof value === 'string' && isIP(value) !== 0,
};

/** A NUL would end the path for the system, and not for whoever checked it. */
export const A_PATH: OptionKind = {
  what: 'a path without NUL',
  fits: (value) => typeof value === 'string' && /^[^\0]+$/.test(value),
};
