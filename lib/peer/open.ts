/**
 * From a finished opening handshake to an open peer: what was negotiated is made real.
 */
import { Connection } from '../connection/index.ts';
import {
  type DeflateParameters,
  MessageCodec,
  type MessageCodecOptions,
} from '../deflate/index.ts';
import { Backlog } from './backlog.ts';
import type { PeerSettings, WebSocketOptions } from './peer-options.ts';
import type { Transport } from './transport.ts';
import { WebSocketPeer } from './websocket-peer.ts';

/** Options of a peer, and how its codec compresses when permessage-deflate is in use. */
export interface PeerOptions extends WebSocketOptions {
  /** Settings of permessage-deflate that need no negotiation: level, memory, inflate ratio. */
  readonly codec?: MessageCodecOptions | undefined;
}

/** What the opening handshake settled. */
export interface Opened extends Omit<PeerSettings, 'deflate' | 'windowBits' | 'extensions'> {
  /** permessage-deflate as agreed upon, and the response's field; `undefined` without it. */
  readonly extension:
    | { readonly parameters: DeflateParameters; readonly response: string }
    | undefined;
}

/**
 * Opens a peer over a transport on which the handshake has just been finished.
 *
 * @throws UsageError `invalid-option`.
 */
export function openPeer(
  transport: Transport,
  { extension, ...settings }: Opened,
  options: PeerOptions = {},
): WebSocketPeer {
  if (extension === undefined) return new WebSocketPeer(transport, settings, options);
  const { parameters, response } = extension;
  const deflate = new MessageCodec(settings.role, parameters, options.codec);
  const isServer = settings.role === 'server';
  const windowBits = isServer ? parameters.serverMaxWindowBits : parameters.clientMaxWindowBits;
  const more = { deflate, windowBits, extensions: response };
  return new WebSocketPeer(transport, { ...settings, ...more }, options);
}

const NOTHING = (): void => {};

/**
 * Checks a peer's options before there is a peer, by making what would be made of them.
 *
 * @throws UsageError `invalid-option`.
 */
export function checkPeerOptions(options: PeerOptions): void {
  new Backlog(options.slowConsumer, options.maxBufferedBytes);
  new MessageCodec('server', ANY_PARAMETERS, options.codec).close();
  const sink = {
    message: NOTHING,
    messageStart: NOTHING,
    messagePiece: NOTHING,
    messageEnd: NOTHING,
    write: () => true,
    wantsFlush: NOTHING,
    isCongested: () => false,
    wantsInput: NOTHING,
    endTransport: NOTHING,
    abortTransport: NOTHING,
    closed: NOTHING,
  };
  new Connection(sink, { ...options, role: 'server', now: () => 0 });
}

const ANY_PARAMETERS: DeflateParameters = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
