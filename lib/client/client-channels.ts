/**
 * What clients tell to whoever subscribes to `node:diagnostics_channel`. Nothing is made while
 * nobody does. What becomes of a peer afterwards is told by `barewire:peer:…`.
 *
 * | channel | message |
 * |---|---|
 * | `barewire:client:connect` | `{ attempt, url }`: a WebSocket is about to be opened |
 * | `barewire:client:open` | `{ attempt, url, peer }`: it is open; nobody reads yet |
 * | `barewire:client:error` | `{ attempt, url, error }`: it could not be opened |
 *
 * `attempt` is a number that the messages of one attempt share. The URL comes without user and
 * password: whoever listens is not whom they were given to.
 */
import { type Channel, channel } from 'node:diagnostics_channel';
import type { WebSocketPeer } from '../peer/index.ts';
import type { Plan } from './plan.ts';

/** The channels by their last name. */
export const CLIENT_CHANNELS: Readonly<Record<'connect' | 'open' | 'error', Channel>> =
  Object.freeze({
    connect: channel('barewire:client:connect'),
    open: channel('barewire:client:open'),
    error: channel('barewire:client:error'),
  });

let attempts = 0;

/** Tells how an attempt begins and how it ends. */
export async function tellingOf(
  { hop: { address } }: Plan,
  open: () => Promise<WebSocketPeer>,
): Promise<WebSocketPeer> {
  const channels = CLIENT_CHANNELS;
  attempts += 1;
  const attempt = attempts;
  const url = address.origin + address.target;
  if (channels.connect.hasSubscribers) channels.connect.publish({ attempt, url });
  try {
    const peer = await open();
    if (channels.open.hasSubscribers) channels.open.publish({ attempt, url, peer });
    return peer;
  } catch (error) {
    if (channels.error.hasSubscribers) channels.error.publish({ attempt, url, error });
    throw error;
  }
}
