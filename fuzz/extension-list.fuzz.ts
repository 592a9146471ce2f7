/**
 * `Sec-WebSocket-Extensions` [RFC 6455 §9.1] and the negotiation of permessage-deflate [RFC 7692
 * §7.1].
 *
 * Invariants, for any value, any limit and any server policy:
 * - a value is read exactly when it matches the grammar and has no more elements than the limit;
 *   the only errors are protocol errors;
 * - what was read and is written again reads the same;
 * - what a server answers, the client that made the offer accepts; and then both sides mean the
 *   same: nobody looks back further, or keeps more context, than the other one expects;
 * - a server never accepts a parameter twice, unknown, or out of range.
 */
import { ProtocolError } from 'barewire/base';
import {
  checkResponse,
  type DeflateParameters,
  type Extension,
  formatExtensionList,
  negotiateServer,
  PERMESSAGE_DEFLATE,
  parseExtensionList,
} from 'barewire/deflate';
import { Choices } from './engine/choices.ts';
import { expectLaw, type FuzzTarget } from './engine/target.ts';
import { countExtensions, isExtensionList } from './oracles/extension-list.ts';

function read(value: string, limit: number | undefined): Extension[] | string {
  try {
    return parseExtensionList(value, limit);
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

function checkReading(value: string, limit: number, read: Extension[] | string): void {
  const isWellFormed = isExtensionList(value);
  const isMany = isWellFormed && countExtensions(value) > limit;
  if (typeof read === 'string') {
    const expected = isMany ? ['too-many-extensions'] : ['extension-list-malformed'];
    // A value can be both malformed and too long; the reader names what comes first.
    if (!isWellFormed) expected.push('too-many-extensions');
    expectLaw(!isWellFormed || isMany, 'reads what matches the grammar', () => read);
    expectLaw(expected.includes(read), 'names the right rule', () => read);
    return;
  }
  expectLaw(isWellFormed && !isMany, 'refuses what does not match the grammar');
  expectLaw(read.length === countExtensions(value), 'reads every element');
  const again = parseExtensionList(formatExtensionList(read), limit);
  expectLaw(JSON.stringify(again) === JSON.stringify(read), 'survives writing and reading');
}

const KNOWN: Readonly<Record<string, RegExp>> = {
  server_no_context_takeover: /^undefined$/,
  client_no_context_takeover: /^undefined$/,
  server_max_window_bits: /^([89]|1[0-5])$/,
  client_max_window_bits: /^([89]|1[0-5]|undefined)$/,
};

function isSoundOffer({ name, parameters }: Extension): boolean {
  const names = parameters.map((parameter) => parameter.name);
  return (
    name === PERMESSAGE_DEFLATE &&
    new Set(names).size === names.length &&
    parameters.every(
      ({ name, value }) => Object.hasOwn(KNOWN, name) && KNOWN[name]!.test(`${value}`),
    )
  );
}

function checkNegotiation(offers: readonly Extension[], policy: DeflateParameters): void {
  const accepted = negotiateServer(offers, policy);
  const isBound = policy.clientMaxWindowBits < 15;
  const possible = offers.filter(
    (offer) =>
      isSoundOffer(offer) &&
      (!isBound || offer.parameters.some(({ name }) => name === 'client_max_window_bits')),
  );
  expectLaw((accepted !== undefined) === possible.length > 0, 'accepts what is sound and possible');
  if (accepted === undefined) return;
  const server = accepted.parameters;
  const client = checkResponse(parseExtensionList(accepted.response), offers);
  const detail = (): string => JSON.stringify({ server, client, response: accepted.response });
  expectLaw(client !== undefined, 'the client accepts the answer', detail);
  if (client === undefined) return;
  const { serverMaxWindowBits, clientMaxWindowBits } = client;
  expectLaw(
    server.serverMaxWindowBits <= serverMaxWindowBits,
    'the client looks back enough',
    detail,
  );
  expectLaw(clientMaxWindowBits <= server.clientMaxWindowBits, 'so does the server', detail);
  const isForgetful = server.serverNoContextTakeover || !client.serverNoContextTakeover;
  expectLaw(isForgetful, 'the server forgets when the client does', detail);
  const isClientForgetful = client.clientNoContextTakeover || !server.clientNoContextTakeover;
  expectLaw(isClientForgetful, 'the client forgets when the server does', detail);
}

function run(input: Uint8Array): void {
  const choices = new Choices(input);
  const limit = choices.pick([64, 64, 0, 1, 2]);
  const policy: DeflateParameters = {
    serverNoContextTakeover: choices.flag(),
    clientNoContextTakeover: choices.flag(),
    serverMaxWindowBits: 8 + choices.below(8),
    clientMaxWindowBits: 8 + choices.below(8),
  };
  const value = Buffer.from(choices.rest).toString('latin1');
  const result = read(value, limit);
  checkReading(value, limit, result);
  if (typeof result !== 'string') checkNegotiation(result, policy);
}

const SEEDS = [
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits; server_max_window_bits=10',
  'permessage-deflate; client_no_context_takeover, permessage-deflate; server_no_context_takeover',
  'x-a; b="c\\d" ; e=f ,permessage-deflate;client_max_window_bits="9"',
];

/** Extension lists and their negotiation. */
export const target: FuzzTarget = {
  name: 'extension-list',
  subjects: ['deflate/extension-list', 'deflate/negotiation', 'deflate/deflate-parameters'],
  seeds: SEEDS.map((text) => Buffer.from(`${text}\x07\x07\0\0\0`, 'latin1')),
  dictionary: ['; ', ', ', '="', '=8', '=15', 'client_max_window_bits', 'server_max_window_bits=9'],
  maxLength: 400,
  run,
};
