/**
 * How the fuzzer agrees on permessage-deflate: as the catalogue says, not as a careful endpoint
 * would.
 *
 * As client it takes the response at its word and does not check that its own wishes were granted.
 * As server it confirms what was asked of it, and imposes what the case wants [RFC 7692 §7.1]. Both
 * read strictly: an unknown, repeated or malformed parameter fails the opening handshake.
 */
import { type ExtensionParameter, PERMESSAGE_DEFLATE, parseExtensionList } from 'barewire/deflate';
import type { AgreedDeflate } from './message-deflate.ts';
import type { CompressionAnswer, CompressionPlan } from './model.ts';

/** Why an opening handshake cannot go on. */
export class OpeningError extends Error {
  override readonly name = 'OpeningError';
}

/** The parameters of one element; `true` for `client_max_window_bits` without a value. */
interface Parameters {
  serverNoContextTakeover: boolean;
  clientNoContextTakeover: boolean;
  serverMaxWindowBits: number | undefined;
  clientMaxWindowBits: number | true | undefined;
}

/** What the server said yes to, and how it said it. */
export interface AcceptedCompression {
  readonly response: string;
  readonly agreed: AgreedDeflate;
}

/**
 * Reads a server's `Sec-WebSocket-Extensions`.
 *
 * @param isOffered whether anything was offered: an extension that was not is an error.
 * @returns `undefined` when no extension is in use.
 * @throws OpeningError when the response cannot be accepted.
 */
export function readCompressionResponse(
  value: string | undefined,
  isOffered: boolean,
): AgreedDeflate | undefined {
  if (value === undefined) return undefined;
  const [extension, ...others] = readList(value);
  if (!isOffered || others.length > 0 || extension?.name !== PERMESSAGE_DEFLATE) {
    throw new OpeningError(`The response has an extension that was not offered: ${value}`);
  }
  const parameters = readParameters(extension.parameters);
  if (parameters === undefined || parameters.clientMaxWindowBits === true) {
    throw new OpeningError(`The response has a bad extension parameter: ${value}`);
  }
  return {
    serverNoContextTakeover: parameters.serverNoContextTakeover,
    clientNoContextTakeover: parameters.clientNoContextTakeover,
    serverMaxWindowBits: parameters.serverMaxWindowBits ?? 15,
    clientMaxWindowBits: parameters.clientMaxWindowBits ?? 15,
  };
}

/**
 * Answers a client's `Sec-WebSocket-Extensions`.
 *
 * @param plan what the case wants to accept; `undefined`: nothing.
 * @returns `undefined` when there is no offer that the case can accept.
 * @throws OpeningError when an offer of permessage-deflate is malformed.
 */
export function answerCompression(
  value: string | undefined,
  plan: CompressionPlan | undefined,
): AcceptedCompression | undefined {
  if (value === undefined) return undefined;
  const offers = readList(value)
    .filter(({ name }) => name === PERMESSAGE_DEFLATE)
    .map(({ parameters }) => {
      const offer = readParameters(parameters);
      if (offer === undefined) throw new OpeningError(`An offer is malformed: ${value}`);
      return offer;
    });
  for (const answer of plan?.accept ?? []) {
    const needsBits = answer.clientMaxWindowBits !== undefined;
    const offer = offers.find((each) => !needsBits || each.clientMaxWindowBits !== undefined);
    if (offer !== undefined) return accept(offer, answer);
  }
  return undefined;
}

function accept(offer: Parameters, answer: CompressionAnswer): AcceptedCompression {
  const { serverNoContextTakeover, serverMaxWindowBits } = offer;
  const { clientNoContextTakeover, clientMaxWindowBits } = answer;
  const parts = [PERMESSAGE_DEFLATE];
  if (serverNoContextTakeover) parts.push('server_no_context_takeover');
  if (serverMaxWindowBits !== undefined)
    parts.push(`server_max_window_bits=${serverMaxWindowBits}`);
  if (clientNoContextTakeover) parts.push('client_no_context_takeover');
  if (clientMaxWindowBits !== undefined)
    parts.push(`client_max_window_bits=${clientMaxWindowBits}`);
  return {
    response: parts.join('; '),
    agreed: {
      serverNoContextTakeover,
      clientNoContextTakeover,
      serverMaxWindowBits: serverMaxWindowBits ?? 15,
      clientMaxWindowBits: clientMaxWindowBits ?? 15,
    },
  };
}

function readList(value: string): ReturnType<typeof parseExtensionList> {
  try {
    return parseExtensionList(value);
  } catch {
    throw new OpeningError(`Sec-WebSocket-Extensions is malformed: ${value}`);
  }
}

function readParameters(list: readonly ExtensionParameter[]): Parameters | undefined {
  const names = new Set(list.map(({ name }) => name));
  if (names.size < list.length) return undefined;
  const parameters: Parameters = {
    serverNoContextTakeover: names.has('server_no_context_takeover'),
    clientNoContextTakeover: names.has('client_no_context_takeover'),
    serverMaxWindowBits: undefined,
    clientMaxWindowBits: undefined,
  };
  for (const { name, value } of list) {
    const bits = /^(?:[89]|1[0-5])$/.test(value ?? '') ? Number(value) : undefined;
    if (name.endsWith('_no_context_takeover')) {
      if (!/^(?:server|client)_no/.test(name) || value !== undefined) return undefined;
    } else if (name === 'server_max_window_bits') {
      if (bits === undefined) return undefined;
      parameters.serverMaxWindowBits = bits;
    } else if (name === 'client_max_window_bits') {
      if (bits === undefined && value !== undefined) return undefined;
      parameters.clientMaxWindowBits = bits ?? true;
    } else return undefined;
  }
  return parameters;
}
