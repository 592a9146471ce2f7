/**
 * Opens a WebSocket from the client's side [RFC 6455 §4.1].
 *
 * ```
 *   options ─► check everything ─► gate ─► dial ─► TLS ─► handshake ─► open peer
 *                                   ▲                        │ redirect, if wanted
 *                                   └────────────────────────┘
 * ```
 * Nothing is opened before everything that the caller gave was checked. One deadline stands over
 * the whole way, without the time in the gate, where each one ahead has its own. Whatever goes
 * wrong rejects the promise, and leaves no stream behind.
 */
import type { Duplex } from 'node:stream';
import debug from 'debug';
import {
  buildUpgradeRequest,
  encodeHandshakeKey,
  readUpgradeResponse,
  type UpgradeWishes,
} from '../handshake/index.ts';
import {
  DuplexTransport,
  type Opened,
  openPeer,
  takeMaskingKey,
  unlessAborted,
  type WebSocketPeer,
} from '../peer/index.ts';
import type { WebSocketAddress } from './address.ts';
import { ask } from './ask.ts';
import { tellingOf } from './client-channels.ts';
import { type Uncounted, withDeadline } from './deadline.ts';
import { dial, resolveAddress } from './dial.ts';
import { HandshakeGate, type Leave } from './handshake-gate.ts';
import { HandshakeRefused } from './handshake-refused.ts';
import { type ConnectOptions, makePlan, type Plan, wishesFor } from './plan.ts';
import { followRedirect, type Hop, notFollowed } from './redirect.ts';
import { type ClientWorld, SYSTEM_WORLD } from './world.ts';

const log = debug('barewire:client');

/** Handshakes with an address that is known. */
const addressGate = new HandshakeGate();
/** Where others resolve the name: so many unfinished handshakes in all [RFC 6455 §4.1 (2)]. */
const unknownAddressGate = new HandshakeGate(64);

/**
 * Opens a WebSocket connection.
 *
 * @param url `ws:` or `wss:` (or `http:`, `https:`, `ws+unix:`, `wss+unix:`), without a fragment.
 * @returns the open peer; nothing is lost before you read it. Rejects with a HandshakeRefused when
 *   the answer was another one than 101, a ProtocolError when the answer broke a rule
 *   (`bad-accept`, …) or did not come in time (`handshake-timeout`), the system's error when there
 *   is no way to the server, the signal's reason, or a UsageError for bad arguments, before
 *   anything was opened.
 */
export async function connectWebSocket(
  url: string | URL,
  options: ConnectOptions = {},
  world: ClientWorld = SYSTEM_WORLD,
): Promise<WebSocketPeer> {
  return carryOut(makePlan(url, options), world);
}

/** Opens the connection that was planned. Rejects as {@link connectWebSocket} does. */
export function carryOut(plan: Plan, world: ClientWorld): Promise<WebSocketPeer> {
  return tellingOf(plan, () => {
    return withDeadline(plan, world, (signal, uncounted) => {
      return travel(plan, signal, uncounted, world);
    });
  });
}

/** Goes where redirects lead, as far as the caller wants. */
async function travel(
  plan: Plan,
  signal: AbortSignal,
  uncounted: Uncounted,
  world: ClientWorld,
): Promise<WebSocketPeer> {
  let { hop } = plan;
  for (let redirects = 0; ; redirects += 1) {
    try {
      return await open(plan, hop, signal, uncounted, world);
    } catch (error) {
      if (!(error instanceof HandshakeRefused) || plan.maxRedirects === 0) throw error;
      const next = followRedirect(hop, error);
      if (next === undefined) throw error;
      if (redirects === plan.maxRedirects) throw notFollowed(error, 'too many redirects');
      log('%s redirects to %s', hop.address.origin, next.address.origin);
      hop = next;
    }
  }
}

/** One attempt at one address. */
async function open(
  plan: Plan,
  hop: Hop,
  signal: AbortSignal,
  uncounted: Uncounted,
  world: ClientWorld,
): Promise<WebSocketPeer> {
  signal.throwIfAborted();
  const { options } = plan;
  const resolved = await unlessAborted(resolveAddress(hop.address, options), signal);
  const addresses = resolved?.map(({ address }) => address);
  // Who waits for handshakes of our own before it has done nothing slowly.
  const leave = await uncounted(() => enterGate(hop.address, addresses, options, signal));
  try {
    const dialOptions = { ...options, tls: hop.tls };
    const stream = await dial(hop.address, resolved, dialOptions, signal);
    try {
      const opened = await shakeHands(stream, wishesFor(plan, hop), signal, world);
      const more = { data: options.data, ticker: options.ticker };
      return openPeer(new DuplexTransport(stream), { ...opened, ...more }, options);
    } catch (error) {
      stream.destroy();
      throw error;
    }
  } finally {
    leave();
  }
}

async function enterGate(
  { hostname, port, socketPath }: WebSocketAddress,
  addresses: readonly string[] | undefined,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Leave> {
  if (options.parallelHandshakes === true) return () => {};
  if (addresses !== undefined) {
    return addressGate.enter(
      addresses.map((address) => `${address} ${port}`),
      signal,
    );
  }
  const leaveCrowd = await unknownAddressGate.enter([''], signal);
  try {
    const way = socketPath ?? options.socketPath ?? `${hostname} ${port}`;
    const leaveName = await addressGate.enter([`by name ${way}`], signal);
    return () => {
      leaveName();
      leaveCrowd();
    };
  } catch (error) {
    leaveCrowd();
    throw error;
  }
}

/** Sends the handshake and checks the answer. */
async function shakeHands(
  stream: Duplex,
  wishes: UpgradeWishes,
  signal: AbortSignal,
  world: ClientWorld,
): Promise<Opened> {
  const key = encodeHandshakeKey(world.randomBytes(16));
  const { head, body, rest } = await ask(stream, buildUpgradeRequest(wishes, key), 'GET', signal);
  if (head.status !== 101) throw new HandshakeRefused('server', head, body);
  const result = readUpgradeResponse(head, wishes, key);
  if (!result.ok) throw result.error;
  const response = head.fields.get('sec-websocket-extensions') ?? '';
  return {
    role: 'client',
    takeMaskingKey,
    extension: result.extension && { parameters: result.extension, response },
    protocol: result.protocol ?? '',
    head: rest,
  };
}
