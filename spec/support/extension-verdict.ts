/** What a client makes of the extensions in an answer, read literally. */
import type { DeflateParameters, Extension } from 'barewire/deflate';
import { readListLiterally } from './extension-arbitraries.ts';

const BITS = ['8', '9', '10', '11', '12', '13', '14', '15'];
const [SERVER_NO_CONTEXT, CLIENT_NO_CONTEXT, SERVER_BITS, CLIENT_BITS] = [
  ...['server_no_context_takeover', 'client_no_context_takeover'],
  ...['server_max_window_bits', 'client_max_window_bits'],
] as [string, string, string, string];

/**
 * What permessage-deflate may say in an answer [RFC 7692 §7.1], and what is agreed on then; the
 * client's own offer is sound.
 */
export function judgeExtension(
  listed: string,
  offer: string | undefined,
): DeflateParameters | 'bad' {
  const elements = readListLiterally(listed);
  if (elements?.length !== 1 || elements[0]!.name !== 'permessage-deflate') return 'bad';
  const [answer] = elements as [Extension];
  const names = answer.parameters.map(({ name }) => name);
  if (new Set(names).size < names.length) return 'bad';
  for (const { name, value } of answer.parameters) {
    const isSwitch = [SERVER_NO_CONTEXT, CLIENT_NO_CONTEXT].includes(name) && value === undefined;
    const isBits = [SERVER_BITS, CLIENT_BITS].includes(name) && BITS.includes(value ?? '');
    if (!isSwitch && !isBits) return 'bad';
  }
  const find = (
    { parameters }: Extension,
    wanted: string,
  ): Extension['parameters'][number] | undefined => parameters.find(({ name }) => name === wanted);
  const has = (one: Extension, name: string): boolean => find(one, name) !== undefined;
  const bits = (one: Extension, name: string): number => Number(find(one, name)?.value ?? 15);
  const fitting = (offer === undefined ? [] : readListLiterally(offer)!).find((asked) => {
    if (has(asked, SERVER_NO_CONTEXT) && !has(answer, SERVER_NO_CONTEXT)) return false;
    if (has(asked, SERVER_BITS) && !has(answer, SERVER_BITS)) return false;
    if (has(asked, SERVER_BITS) && bits(answer, SERVER_BITS) > bits(asked, SERVER_BITS)) {
      return false;
    }
    return has(asked, CLIENT_BITS) || !has(answer, CLIENT_BITS);
  });
  if (fitting === undefined) return 'bad';
  const either = (name: string): boolean => has(answer, name) || has(fitting, name);
  return {
    serverNoContextTakeover: has(answer, SERVER_NO_CONTEXT),
    clientNoContextTakeover: either(CLIENT_NO_CONTEXT),
    serverMaxWindowBits: bits(answer, SERVER_BITS),
    clientMaxWindowBits: Math.min(bits(answer, CLIENT_BITS), bits(fitting, CLIENT_BITS)),
  };
}
