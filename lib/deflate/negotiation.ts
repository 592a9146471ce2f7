/**
 * How permessage-deflate is agreed upon [RFC 7692 §7.1].
 *
 * A server that cannot go along with an offer passes over it and tries the next one: the handshake
 * goes on without compression. A client that cannot go along with a response fails the connection
 * [RFC 7692 §7]. This file compresses nothing and knows no other extension.
 */
import { ProtocolError } from '../base/index.ts';
import {
  type DeflateElement,
  type DeflateParameters,
  type DeflatePolicy,
  formatElement,
  MAX_WINDOW_BITS,
  PERMESSAGE_DEFLATE,
  readElement,
  resolveDeflatePolicy,
} from './deflate-parameters.ts';
import type { Extension } from './extension-list.ts';

/** An offer that a server has accepted. */
export interface AcceptedOffer {
  readonly parameters: DeflateParameters;
  /** The value of the response's `Sec-WebSocket-Extensions`. */
  readonly response: string;
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

function answerOffer(offer: DeflateElement, wishes: DeflateParameters): AcceptedOffer | undefined {
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

function fitsOffer(answer: DeflateElement, offer: DeflateElement): boolean {
  // What was asked of the server must be confirmed [RFC 7692 §7.1.1.1, §7.1.2.1].
  if (offer.serverNoContextTakeover && !answer.serverNoContextTakeover) return false;
  if (offer.serverMaxWindowBits !== undefined) {
    if (answer.serverMaxWindowBits === undefined) return false;
    if (answer.serverMaxWindowBits > offer.serverMaxWindowBits) return false;
  }
  return answer.clientMaxWindowBits === undefined || offer.clientMaxWindowBits !== undefined;
}

function agree(answer: DeflateElement, offer: DeflateElement): DeflateParameters {
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
