/**
 * How permessage-deflate is agreed upon [RFC 7692 §7.1].
 *
 * ```
 * parameter                    offer           response   means
 * server_no_context_takeover   flag            flag       server starts each message afresh
 * client_no_context_takeover   flag (a hint)   flag       client starts each message afresh
 * server_max_window_bits       8-15            8-15       server looks back 2^n bytes at most
 * client_max_window_bits       flag or 8-15    8-15       client looks back 2^n bytes at most
 * ```
 * A server that cannot go along with an offer passes over it and tries the next one: the handshake
 * goes on without compression. A client that cannot go along with a response fails the connection
 * [RFC 7692 §7]. This file compresses nothing and knows no other extension.
 */
import { ProtocolError, UsageError } from '../base/index.ts';
import { type Extension, type ExtensionParameter, formatExtensionList } from './extension-list.ts';

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

/** An offer that a server has accepted. */
export interface AcceptedOffer {
  readonly parameters: DeflateParameters;
  /** The value of the response's `Sec-WebSocket-Extensions`. */
  readonly response: string;
}

/**
 * The registered name of the extension [RFC 7692 §7]; compared exactly, as names of extensions are.
 */
export const PERMESSAGE_DEFLATE = 'permessage-deflate';

const MAX_WINDOW_BITS = 15;

/** The four parameters of one list element as they stand there. */
interface Element {
  serverNoContextTakeover: boolean;
  clientNoContextTakeover: boolean;
  serverMaxWindowBits: number | undefined;
  /** `'any'`: the parameter stands alone. */
  clientMaxWindowBits: number | 'any' | undefined;
}

/**
 * Chooses the first of a client's offers that the server can go along with [RFC 7692 §5].
 *
 * @param extensions what the client listed, most wanted first.
 * @param policy the server's own wishes: the flags are added to the response, the window bits are
 *   upper bounds. `clientMaxWindowBits` below 15 is a condition: an offer that does not let the
 *   server say so is declined.
 * @returns `undefined` when there is no acceptable offer: the response has no such extension then.
 * @throws UsageError `invalid-option` for a bad policy.
 */
export function negotiateServer(
  extensions: readonly Extension[],
  policy: DeflatePolicy = {},
): AcceptedOffer | undefined {
  const wishes = resolveDeflatePolicy(policy);
  for (const extension of extensions) {
    if (extension.name !== PERMESSAGE_DEFLATE) continue;
    const offer = readElement(extension.parameters);
    const accepted = offer && answerOffer(offer, wishes);
    if (accepted !== undefined) return accepted;
  }
  return undefined;
}

function answerOffer(offer: Element, wishes: DeflateParameters): AcceptedOffer | undefined {
  // What does not stand in the offer must not stand in the response [RFC 7692 §7.1.2.2].
  const mayBindClient = offer.clientMaxWindowBits !== undefined;
  if (!mayBindClient && wishes.clientMaxWindowBits < MAX_WINDOW_BITS) return undefined;
  const hint = typeof offer.clientMaxWindowBits === 'number' ? offer.clientMaxWindowBits : 15;
  const parameters: DeflateParameters = {
    // Asked for means promised [RFC 7692 §7.1.1.1].
    serverNoContextTakeover: offer.serverNoContextTakeover || wishes.serverNoContextTakeover,
    // Only a hint, but saying it back lets us forget the client's window [RFC 7692 §7.1.1.2].
    clientNoContextTakeover: offer.clientNoContextTakeover || wishes.clientNoContextTakeover,
    // Equal to what was asked for, or smaller [RFC 7692 §7.1.2.1].
    serverMaxWindowBits: Math.min(offer.serverMaxWindowBits ?? 15, wishes.serverMaxWindowBits),
    clientMaxWindowBits: Math.min(hint, wishes.clientMaxWindowBits),
  };
  const mustNameServerBits = offer.serverMaxWindowBits !== undefined;
  return { parameters, response: formatResponse(parameters, mustNameServerBits) };
}

function formatResponse(agreed: DeflateParameters, mustNameServerBits: boolean): string {
  const { serverMaxWindowBits: serverBits, clientMaxWindowBits: clientBits } = agreed;
  return formatElement({
    serverNoContextTakeover: agreed.serverNoContextTakeover,
    clientNoContextTakeover: agreed.clientNoContextTakeover,
    serverMaxWindowBits:
      mustNameServerBits || serverBits < MAX_WINDOW_BITS ? serverBits : undefined,
    clientMaxWindowBits: clientBits < MAX_WINDOW_BITS ? clientBits : undefined,
  });
}

/**
 * Writes the value of a client's `Sec-WebSocket-Extensions` [RFC 7692 §5].
 *
 * `client_max_window_bits` is always part of it, so that the server may bind this client: without a
 * value when the policy leaves it at 15, else with it, which is a promise as well.
 *
 * @param policies one per offer, most wanted first; one default offer when left out.
 * @throws UsageError `invalid-option` for a bad policy.
 */
export function buildOffer(...policies: readonly DeflatePolicy[]): string {
  const wanted = policies.length === 0 ? [{}] : policies;
  return wanted.map((policy) => formatOffer(resolveDeflatePolicy(policy))).join(', ');
}

function formatOffer(wishes: DeflateParameters): string {
  const { serverMaxWindowBits: serverBits, clientMaxWindowBits: clientBits } = wishes;
  return formatElement({
    serverNoContextTakeover: wishes.serverNoContextTakeover,
    clientNoContextTakeover: wishes.clientNoContextTakeover,
    serverMaxWindowBits: serverBits < MAX_WINDOW_BITS ? serverBits : undefined,
    clientMaxWindowBits: clientBits < MAX_WINDOW_BITS ? clientBits : 'any',
  });
}

/**
 * Checks a server's answer against what was offered [RFC 7692 §7].
 *
 * @param response the list of the response; empty when it has no such field.
 * @param offers the list of the request, as it was sent.
 * @returns the parameters to use, or `undefined` when the server declined.
 * @throws ProtocolError `bad-extension`: the client fails the connection; a core catches it.
 */
export function checkResponse(
  response: readonly Extension[],
  offers: readonly Extension[],
): DeflateParameters | undefined {
  const [extension] = response;
  if (extension === undefined) return undefined;
  if (response.length > 1) throw new ProtocolError('bad-extension', 'more than one in use');
  if (extension.name !== PERMESSAGE_DEFLATE) throw new ProtocolError('bad-extension', 'unknown');
  const answer = readElement(extension.parameters);
  // In a response the bits have a value: they are an order, not a hint [RFC 7692 §7.1.2.2].
  if (answer === undefined || answer.clientMaxWindowBits === 'any') {
    throw new ProtocolError('bad-extension', 'a bad parameter');
  }
  for (const { name, parameters } of offers) {
    if (name !== PERMESSAGE_DEFLATE) continue;
    const offer = readElement(parameters);
    if (offer !== undefined && fitsOffer(answer, offer)) return agree(answer, offer);
  }
  throw new ProtocolError('bad-extension', 'not what was offered');
}

function fitsOffer(answer: Element, offer: Element): boolean {
  // What was asked of the server must be confirmed [RFC 7692 §7.1.1.1, §7.1.2.1].
  if (offer.serverNoContextTakeover && !answer.serverNoContextTakeover) return false;
  if (offer.serverMaxWindowBits !== undefined) {
    if (answer.serverMaxWindowBits === undefined) return false;
    if (answer.serverMaxWindowBits > offer.serverMaxWindowBits) return false;
  }
  return answer.clientMaxWindowBits === undefined || offer.clientMaxWindowBits !== undefined;
}

function agree(answer: Element, offer: Element): DeflateParameters {
  return {
    serverNoContextTakeover: answer.serverNoContextTakeover,
    // A client keeps what its own offer promised, confirmed or not [RFC 7692 §7.1.1.2, §7.1.2.2].
    clientNoContextTakeover: answer.clientNoContextTakeover || offer.clientNoContextTakeover,
    serverMaxWindowBits: answer.serverMaxWindowBits ?? MAX_WINDOW_BITS,
    clientMaxWindowBits: Math.min(
      toBits(answer.clientMaxWindowBits),
      toBits(offer.clientMaxWindowBits),
    ),
  };
}

function toBits(bits: number | 'any' | undefined): number {
  return typeof bits === 'number' ? bits : MAX_WINDOW_BITS;
}

/** Reads the four parameters; `undefined` for an unknown, repeated or bad one [RFC 7692 §7]. */
function readElement(parameters: readonly ExtensionParameter[]): Element | undefined {
  if (parameters.length > 4) return undefined;
  const element: Element = {
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

function readParameter(element: Element, { name, value }: ExtensionParameter): boolean {
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

function formatElement(element: Element): string {
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
  return {
    serverNoContextTakeover: checkFlag('serverNoContextTakeover', policy.serverNoContextTakeover),
    clientNoContextTakeover: checkFlag('clientNoContextTakeover', policy.clientNoContextTakeover),
    serverMaxWindowBits: checkBits('serverMaxWindowBits', policy.serverMaxWindowBits),
    clientMaxWindowBits: checkBits('clientMaxWindowBits', policy.clientMaxWindowBits),
  };
}

function checkFlag(name: string, flag: boolean = false): boolean {
  if (typeof flag === 'boolean') return flag;
  throw new UsageError('invalid-option', `${name} must be a boolean, not ${String(flag)}`);
}

function checkBits(name: string, bits: number = MAX_WINDOW_BITS): number {
  if (Number.isInteger(bits) && bits >= 8 && bits <= MAX_WINDOW_BITS) return bits;
  throw new UsageError('invalid-option', `${name} must be 8 – 15, not ${String(bits)}`);
}
