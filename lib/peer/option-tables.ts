/** The names of the options that servers, adapters and clients have in common, and their kinds. */
import {
  A_BOOLEAN,
  A_FUNCTION,
  A_STRING,
  AN_ABORT_SIGNAL,
  AN_OBJECT,
  CHECKED_LATER,
  type OptionTable,
} from '../base/index.ts';
import type { AcceptPolicy } from './accept.ts';
import type { BroadcastOptions } from './broadcast.ts';
import type { PeerOptions } from './open.ts';
import type { WebSocketHandler } from './peer-options.ts';
import type { PeerSendOptions, StartOptions } from './peer-output.ts';

/** How a peer behaves. */
export const PEER_OPTIONS: OptionTable<PeerOptions> = {
  delivery: CHECKED_LATER,
  compressThresholdBytes: CHECKED_LATER,
  maxFrameBytes: CHECKED_LATER,
  maxMessageBytes: CHECKED_LATER,
  maxFragments: CHECKED_LATER,
  messageTimeoutMs: CHECKED_LATER,
  closeTimeoutMs: CHECKED_LATER,
  inflateTimeoutMs: CHECKED_LATER,
  endTimeoutMs: CHECKED_LATER,
  maxCloseMs: CHECKED_LATER,
  pingIntervalMs: CHECKED_LATER,
  pongTimeoutMs: CHECKED_LATER,
  idleTimeoutMs: CHECKED_LATER,
  maxPingsInFlight: CHECKED_LATER,
  slowConsumer: CHECKED_LATER,
  maxBufferedBytes: CHECKED_LATER,
  handlerFailed: A_FUNCTION,
  codec: AN_OBJECT,
};

/** The rules for handshakes. */
export const ACCEPT_POLICY: OptionTable<AcceptPolicy> = {
  origins: CHECKED_LATER,
  hosts: CHECKED_LATER,
  isSecure: A_BOOLEAN,
  deflate: CHECKED_LATER,
  maxExtensionOffers: CHECKED_LATER,
  protocols: {
    what: 'an array of names',
    fits: (value) =>
      Array.isArray(value) && value.every((name: unknown) => typeof name === 'string'),
  },
};

/** Who reads by call-backs. */
export const HANDLERS: OptionTable<WebSocketHandler> = {
  open: A_FUNCTION,
  message: A_FUNCTION,
  stream: A_FUNCTION,
  drain: A_FUNCTION,
  ping: A_FUNCTION,
  pong: A_FUNCTION,
  close: A_FUNCTION,
};

/** The names of all call-backs. */
export const CALL_BACKS: readonly (keyof WebSocketHandler)[] = Object.freeze(
  Object.keys(HANDLERS) as (keyof WebSocketHandler)[],
);

/** How a message that is written piece by piece begins. */
export const START_OPTIONS: OptionTable<StartOptions> = { compress: A_BOOLEAN, copy: A_BOOLEAN };

/** How one message is sent. */
export const SEND_OPTIONS: OptionTable<PeerSendOptions> = {
  type: {
    what: 'text or binary',
    fits: (value) => value === 'text' || value === 'binary',
  },
  compress: A_BOOLEAN,
  copy: A_BOOLEAN,
  key: A_STRING,
  signal: AN_ABORT_SIGNAL,
};

/** How one message is sent to many. */
export const BROADCAST_OPTIONS: OptionTable<BroadcastOptions> = {
  type: SEND_OPTIONS.type,
  compress: A_BOOLEAN,
  key: A_STRING,
  except: AN_OBJECT,
};
