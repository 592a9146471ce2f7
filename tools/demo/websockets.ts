/**
 * The two WebSockets of a page.
 *
 * The wire view is accepted in the ordinary way, by `exchange.accept`. The chat is opened step by
 * step, as an embedder does it: decide about the handshake, take the socket, write the response,
 * open a peer. So each of its bytes passes through our hands, and the tap sees them all, the
 * handshake's included.
 */
import { formatUpgradeResponse } from 'barewire/handshake';
import {
  DuplexTransport,
  decideUpgrade,
  openPeer,
  type PeerOptions,
  type WebSocketPeer,
} from 'barewire/peer';
import type { Exchange } from 'barewire/server';
import type { WireToPage } from './page/messages.ts';
import { TappedTransport } from './tapped-transport.ts';
import type { TappedConnection } from './wire-tap.ts';
import { pageOf, type World } from './world.ts';

const PING_MS = 5000;
/** Nobody types more; and who does not read for so long is not there. */
const LIMITS: PeerOptions = {
  maxMessageBytes: 8 * 1024,
  maxBufferedBytes: 1024 * 1024,
  pongTimeoutMs: 20_000,
};

/** Lets a page into the chat. */
export async function joinChat(exchange: Exchange, world: World): Promise<void> {
  const page = pageOf(exchange);
  const tap = page === '' ? undefined : world.taps.of(page)?.connect();
  const peer = await openWebSocket(exchange, LIMITS, tap);
  if (peer === undefined) return;
  world.peers.add(peer);
  const member = world.room.enter({
    send: (message) => peer.offerPrepared(message),
    cut: () => peer.terminate(),
  });
  const measure = async (): Promise<void> => {
    const ms = await peer.ping().catch(() => undefined);
    if (ms !== undefined)
      peer.send(JSON.stringify({ type: 'rtt', ms: Math.round(ms * 1000) / 1000 }));
  };
  const timer = setInterval(measure, PING_MS).unref();
  peer.attach({
    message: (_peer, data) => world.room.take(member, String(data)),
    close: () => {
      clearInterval(timer);
      world.peers.delete(peer);
      world.room.leave(member);
      world.factsChanged();
    },
  });
  world.factsChanged();
  await measure();
}

/** Shows a page what passes on its chat connection. This connection has no tap of its own. */
export function watchWire(exchange: Exchange, world: World): void {
  const page = pageOf(exchange);
  if (page === '') return exchange.reject(400);
  if (!world.taps.hasRoomFor(page)) return exchange.reject(503);
  // The tap comes after the handshake: what is refused must not leave one behind.
  const peer = exchange.accept(LIMITS);
  const tap = world.taps.of(page)!;
  const send = (message: WireToPage): void => {
    peer.send(JSON.stringify(message));
  };
  const removeViewer = world.addViewer(page, send);
  const stopWatching = tap.watch((record) => send({ type: 'record', record }));
  peer.attach({
    close: () => {
      stopWatching();
      removeViewer();
      world.factsChanged();
    },
  });
  world.factsChanged();
}

/**
 * Opens a WebSocket, or refuses the request.
 *
 * @param tap sees the bytes of the connection, if there is one.
 * @returns `undefined` when the handshake was refused.
 */
async function openWebSocket(
  exchange: Exchange,
  options: PeerOptions,
  tap?: TappedConnection,
): Promise<WebSocketPeer | undefined> {
  const { method, target, version, fields, isSecure } = exchange;
  const decision = await decideUpgrade({ method, target, version, fields }, { isSecure });
  if (!decision.ok) {
    tap?.end(decision.error.message);
    exchange.reject(decision.status, decision.error.message, decision.headers);
    return undefined;
  }
  const { socket, head } = exchange.hijack();
  const transport = new DuplexTransport(socket);
  const response = Buffer.from(formatUpgradeResponse(decision.response), 'latin1');
  const lines = Array.from(fields, ([name, value]) => `${name}: ${value}\r\n`);
  const request = `${method} ${target} HTTP/${version}\r\n${lines.join('')}\r\n`;
  tap?.handshake('in', Buffer.from(request, 'latin1'));
  tap?.handshake('out', response);
  transport.write(response, false);
  const tapped = tap === undefined ? transport : new TappedTransport(transport, tap);
  const { protocol = '', upgrade } = decision;
  return openPeer(
    tapped,
    { role: 'server', protocol, head, extension: upgrade.extension },
    options,
  );
}
