/**
 * The four parameters of permessage-deflate, as they stand in one list element [RFC 7692 §7.1].
 *
 * ```
 * parameter                    offer           response   means
 * server_no_context_takeover   flag            flag       server starts each message afresh
 * client_no_context_takeover   flag (a hint)   flag       client starts each message afresh
 * server_max_window_bits       8-15            8-15       server looks back 2^n bytes at most
 * client_max_window_bits       flag or 8-15    8-15       client looks back 2^n bytes at most
 * ```
 * What follows from them is negotiation.ts's business.
 */
import { CHECKED_LATER, checkOptions, type OptionTable, UsageError } from '../base/index.ts';
import { type ExtensionParameter, formatExtensionList } from './extension-list.ts';

/** What both sides have agreed upon. Window bits are 8 – 15: the window has 2^bits bytes. */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  readonly serverMaxWindowBits: number;
  readonly clientMaxWindowBits: number;
}

/** What one side wants. Everything is optional: takeover both ways, 15 window bits. */
export type DeflatePolicy = {
  readonly [Name in keyof DeflateParameters]?: DeflateParameters[Name];
};

/**
 * The registered name of the extension [RFC 7692 §7]; compared exactly, as names of extensions are.
 */
export const PERMESSAGE_DEFLATE = 'permessage-deflate';

/** Without a parameter the window has 2^15 bytes, as large as deflate knows [RFC 7692 §7.1.2]. */
export const MAX_WINDOW_BITS = 15;

/** The four parameters of one list element as they stand there. */
export interface DeflateElement {
  serverNoContextTakeover: boolean;
  clientNoContextTakeover: boolean;
  serverMaxWindowBits: number | undefined;
  /** `'any'`: the parameter stands alone. */
  clientMaxWindowBits: number | 'any' | undefined;
}

/** Reads the four parameters; `undefined` for an unknown, repeated or bad one [RFC 7692 §7]. */
export function readElement(parameters: readonly ExtensionParameter[]): DeflateElement | undefined {
  if (parameters.length > 4) return undefined;
  const element: DeflateElement = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: undefined,
    clientMaxWindowBits: undefined,
  };
  const seen = new Set<string>();
  for (const parameter of parameters) {
    if (seen.has(parameter.name) || !readParameter(element, parameter)) return undefined;
    seen.add(parameter.name);
  }
  return element;
}

function readParameter(element: DeflateElement, { name, value }: ExtensionParameter): boolean {
  switch (name) {
    case 'server_no_context_takeover':
      element.serverNoContextTakeover = true;
      return value === undefined;
    case 'client_no_context_takeover':
      element.clientNoContextTakeover = true;
      return value === undefined;
    case 'server_max_window_bits':
      element.serverMaxWindowBits = readWindowBits(value);
      return element.serverMaxWindowBits !== undefined;
    case 'client_max_window_bits':
      element.clientMaxWindowBits = value === undefined ? 'any' : readWindowBits(value);
      return element.clientMaxWindowBits !== undefined;
    default:
      return false;
  }
}

/** A decimal number from 8 to 15 without leading zeros, and nothing else [RFC 7692 §7.1.2]. */
function readWindowBits(value: string | undefined): number | undefined {
  return value !== undefined && /^(?:[89]|1[0-5])$/.test(value) ? Number(value) : undefined;
}

/** Writes an element; absent parameters are left out. */
export function formatElement(element: DeflateElement): string {
  const parameters: ExtensionParameter[] = [];
  const add = (name: string, value: boolean | number | 'any' | undefined): void => {
    if (value === undefined || value === false) return;
    parameters.push({ name, value: typeof value === 'number' ? String(value) : undefined });
  };
  add('server_no_context_takeover', element.serverNoContextTakeover);
  add('client_no_context_takeover', element.clientNoContextTakeover);
  add('server_max_window_bits', element.serverMaxWindowBits);
  add('client_max_window_bits', element.clientMaxWindowBits);
  return formatExtensionList([{ name: PERMESSAGE_DEFLATE, parameters }]);
}

/**
 * Fills in the defaults of a policy.
 *
 * @throws UsageError `invalid-option` when window bits are not a whole number from 8 to 15, or a
 *   flag is not a boolean.
 */
export function resolveDeflatePolicy(policy: DeflatePolicy): DeflateParameters {
  checkOptions(policy, POLICY, 'permessage-deflate');
  return {
    serverNoContextTakeover: checkFlag('serverNoContextTakeover', policy.serverNoContextTakeover),
    clientNoContextTakeover: checkFlag('clientNoContextTakeover', policy.clientNoContextTakeover),
    serverMaxWindowBits: checkBits('serverMaxWindowBits', policy.serverMaxWindowBits),
    clientMaxWindowBits: checkBits('clientMaxWindowBits', policy.clientMaxWindowBits),
  };
}

const POLICY: OptionTable<DeflatePolicy> = {
  serverNoContextTakeover: CHECKED_LATER,
  clientNoContextTakeover: CHECKED_LATER,
  serverMaxWindowBits: CHECKED_LATER,
  clientMaxWindowBits: CHECKED_LATER,
};

function checkFlag(name: string, flag: boolean = false): boolean {
  if (typeof flag === 'boolean') return flag;
  throw new UsageError('invalid-option', `${name} must be a boolean, not ${String(flag)}`);
}

function checkBits(name: string, bits: number = MAX_WINDOW_BITS): number {
  if (Number.isInteger(bits) && bits >= 8 && bits <= MAX_WINDOW_BITS) return bits;
  throw new UsageError('invalid-option', `${name} must be 8 – 15, not ${String(bits)}`);
}
