/**
 * May this one come in? The one decision about an opening handshake, wherever it arrived: at our
 * own server, at `node:http`, on an HTTP/2 stream [RFC 6455 §4.2.2].
 *
 * ```
 *   request ─► rules, Host, Origin, extensions ─► ask the application ─► 101 / 200 and a peer
 *                      │                                │ no, an error, the deadline
 *                      └──────────── 4xx ◄──────────────┴──────────────► 3xx – 5xx
 * ```
 * The checks come first, so the application is never asked about a handshake that cannot succeed.
 * Nothing is written here: who has the transport writes what the decision says.
 */
import {
  asError,
  HandshakeRejected,
  isThenable,
  type ProtocolError,
  UsageError,
} from '../base/index.ts';
import { type DeflatePolicy, negotiateServer, parseExtensionList } from '../deflate/index.ts';
import {
  type AcceptableUpgrade,
  buildUpgradeResponse,
  readUpgradeRequest,
  selectSubprotocol,
  type UpgradePolicy,
  type UpgradeRequest,
  type UpgradeResponse,
} from '../handshake/index.ts';
import { Fields, type FieldsInit } from '../http/index.ts';

/** An application's yes, and what it adds. */
export interface Acceptance {
  /** One of the subprotocols that the client offers; overrules `protocols` of the policy. */
  readonly protocol?: string | undefined;
  /** Further fields of the response, such as `set-cookie`. */
  readonly headers?: FieldsInit | undefined;
  /** permessage-deflate with this client; overrules `deflate` of the policy. */
  readonly deflate?: DeflatePolicy | boolean | undefined;
  /** Your own data, for `peer.data`. */
  readonly data?: unknown;
}

/**
 * What an application says about a handshake: an {@link Acceptance}, `true` or nothing for a plain
 * yes, `false` for 403, or a `HandshakeRejected` (thrown or returned) with status and fields.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing says yes.
export type AcceptAnswer = Acceptance | HandshakeRejected | boolean | undefined | void;

/** The rules that a handshake is held against before the application is asked. */
export interface AcceptPolicy extends UpgradePolicy {
  /**
   * Subprotocols that the server supports. The first of the client's that is one of them is used.
   */
  readonly protocols?: readonly string[] | undefined;
}

/**
 * The rules that are there, with what the transport knows of TLS unless they say it. Spelled out:
 * rules may be inherited, and objects that are copied have shapes of their own.
 */
export function completePolicy(rules: AcceptPolicy, isSecure: boolean | undefined): AcceptPolicy {
  const policy: { [Name in keyof Required<AcceptPolicy>]: AcceptPolicy[Name] } = {
    origins: rules.origins,
    hosts: rules.hosts,
    isSecure: rules.isSecure ?? isSecure,
    deflate: rules.deflate,
    maxExtensionOffers: rules.maxExtensionOffers,
    protocols: rules.protocols,
  };
  return policy;
}

/** Asks an application about a handshake that broke no rule. */
type Ask = (upgrade: AcceptableUpgrade) => AcceptAnswer | Promise<AcceptAnswer>;

/** Yes: write the response, then open the peer. */
export interface AcceptedUpgrade {
  readonly ok: true;
  readonly upgrade: AcceptableUpgrade;
  readonly response: UpgradeResponse;
  /** The subprotocol in use; `undefined` for none. */
  readonly protocol: string | undefined;
  /** What the application wants to remember. */
  readonly data: unknown;
}

/** No: write an ordinary response with this status. */
export interface RefusedOpening {
  readonly ok: false;
  readonly status: number;
  /** Fields that must stand in the refusal. */
  readonly headers: Readonly<Record<string, string>>;
  /** The rule that was broken, the policy that said no, or what the application threw (500). */
  readonly error: ProtocolError | HandshakeRejected | Error;
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** What becomes of an opening handshake. */
export type UpgradeDecision = AcceptedUpgrade | RefusedOpening;

/**
 * Decides about an opening handshake.
 *
 * @param ask the application; left out, every correct handshake is accepted. It may take its time.
 * @param patience ends the waiting: with a `HandshakeRejected` as reason that is the answer, else
 *   503. A function is called only if there is something to wait for.
 * @returns never rejects: what `ask` throws, or the policy, refuses the handshake with 500.
 */
export async function decideUpgrade(
  request: UpgradeRequest,
  policy: AcceptPolicy,
  ask?: Ask,
  patience?: AbortSignal | (() => AbortSignal),
): Promise<UpgradeDecision> {
  return decideUpgradeSoon(request, policy, ask, patience);
}

/** As {@link decideUpgrade}, and at once when `ask` answers at once. Never throws. */
export function decideUpgradeSoon(
  request: UpgradeRequest,
  policy: AcceptPolicy,
  ask?: Ask,
  patience?: AbortSignal | (() => AbortSignal),
): UpgradeDecision | Promise<UpgradeDecision> {
  try {
    const upgrade = readUpgradeRequest(request, policy);
    if (!upgrade.ok) return upgrade;
    const answer = ask === undefined ? true : ask(upgrade);
    if (!isThenable(answer)) return accept(request, upgrade, answer, policy);
    const settled = unlessAborted(answer, patience);
    return settled.then((later) => accept(request, upgrade, later, policy)).catch(refuse);
  } catch (error) {
    return refuse(error);
  }
}

function accept(
  request: UpgradeRequest,
  handshake: AcceptableUpgrade,
  answer: AcceptAnswer,
  policy: AcceptPolicy,
): AcceptedUpgrade {
  if (answer === false) throw new HandshakeRejected(403, 'not accepted');
  if (answer instanceof HandshakeRejected) throw answer;
  const acceptance = readAcceptance(answer);
  const upgrade = withExtension(request, handshake, policy, acceptance.deflate);
  const protocol =
    acceptance.protocol ?? selectSubprotocol(upgrade.protocols, policy.protocols ?? []);
  const headers = acceptance.headers && Fields.from(acceptance.headers);
  const response = buildUpgradeResponse(upgrade, { protocol, headers });
  return { ok: true, upgrade, response, protocol, data: acceptance.data };
}

const ACCEPTANCE: ReadonlySet<string> = new Set<keyof Acceptance>([
  'protocol',
  'headers',
  'data',
  'deflate',
]);

/** A yes that was meant otherwise must not let anybody in. */
function readAcceptance(answer: Exclude<AcceptAnswer, false | HandshakeRejected>): Acceptance {
  if (answer === undefined || answer === true) return {};
  if (typeof answer !== 'object' || answer === null) {
    throw new UsageError('invalid-argument', `accept must not answer ${String(answer)}`);
  }
  const unknown = Object.keys(answer).find((name) => !ACCEPTANCE.has(name));
  if (unknown === undefined) return answer;
  throw new UsageError('invalid-argument', `accept knows no ${unknown}`);
}

/** Negotiates anew when the application has a wish of its own for this client. */
function withExtension(
  { fields }: UpgradeRequest,
  handshake: AcceptableUpgrade,
  policy: AcceptPolicy,
  deflate: Acceptance['deflate'],
): AcceptableUpgrade {
  if (deflate === undefined) return handshake;
  if (deflate === false) return { ...handshake, extension: undefined };
  const listed = fields.get('sec-websocket-extensions') ?? '';
  const extensions = listed === '' ? [] : parseExtensionList(listed, policy.maxExtensionOffers);
  const extension = negotiateServer(extensions, deflate === true ? {} : deflate);
  return { ...handshake, extension };
}

function refuse(error: unknown): RefusedOpening {
  if (error instanceof HandshakeRejected) {
    return { ok: false, status: error.status, headers: error.headers, error };
  }
  // A ProtocolError too: this client has broken no rule, so it is the fault of somebody else whom
  // the application has asked, and with whom this client has nothing to do.
  return { ok: false, status: 500, headers: NO_HEADERS, error: asError(error) };
}

/** Waits for an answer no longer than until the signal. */
async function unlessAborted(
  answer: PromiseLike<AcceptAnswer>,
  patience: AbortSignal | (() => AbortSignal) | undefined,
): Promise<AcceptAnswer> {
  const signal = typeof patience === 'function' ? patience() : patience;
  if (signal === undefined) return answer;
  let stop = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(reasonOf(signal));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function reasonOf({ reason }: AbortSignal): Error {
  if (reason instanceof HandshakeRejected) return reason;
  return new HandshakeRejected(503, 'no decision in time');
}
