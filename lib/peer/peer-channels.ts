/**
 * What peers tell to whoever subscribes to `node:diagnostics_channel`, on both sides and over every
 * transport. Nothing is made while nobody does.
 *
 * | channel | message |
 * |---|---|
 * | `barewire:peer:open` | `{ peer }`: the handshake is done; nobody reads yet |
 * | `barewire:peer:error` | `{ peer, error }`: a handler failed |
 * | `barewire:peer:close` | `{ peer, report }`: it is over; before its handler's `close` |
 */
import { type Channel, channel } from 'node:diagnostics_channel';

/** The channels by their last name. */
export const PEER_CHANNELS: Readonly<Record<'open' | 'error' | 'close', Channel>> = Object.freeze({
  open: channel('barewire:peer:open'),
  error: channel('barewire:peer:error'),
  close: channel('barewire:peer:close'),
});
