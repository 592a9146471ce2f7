/**
 * What adapters tell to whoever subscribes to `node:diagnostics_channel`. Nothing is made while
 * nobody does. What becomes of a peer afterwards is told by `barewire:peer:…`.
 *
 * | channel | message |
 * |---|---|
 * | `barewire:adapters:request` | `{ endpoint, source }`: a handshake came |
 * | `barewire:adapters:accepted` | `{ endpoint, source, peer }`: nobody reads yet |
 * | `barewire:adapters:refused` | `{ endpoint, source, refusal }`: by a rule, a cap, a policy |
 *
 * `source` is the server's own request, as for `accept`.
 */
import { type Channel, channel } from 'node:diagnostics_channel';

/** The channels by their last name. */
export const ADAPTER_CHANNELS: Readonly<Record<'request' | 'accepted' | 'refused', Channel>> =
  Object.freeze({
    request: channel('barewire:adapters:request'),
    accepted: channel('barewire:adapters:accepted'),
    refused: channel('barewire:adapters:refused'),
  });
