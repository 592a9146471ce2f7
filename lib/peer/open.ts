/**
 * From a finished opening handshake to an open peer: what was negotiated is made real.
 */
import { haveValues } from '../base/index.ts';
import { Connection, type ConnectionSink } from '../connection/index.ts';
import {
  type DeflateParameters,
  MessageCodec,
  type MessageCodecOptions,
} from '../deflate/index.ts';
import { Backlog } from './backlog.ts';
import { PEER_OPTIONS } from './option-tables.ts';
import { connectionOptions, type PeerSettings, type WebSocketOptions } from './peer-options.ts';
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
  opened: Opened,
  options: PeerOptions = {},
): WebSocketPeer {
  if (opened.extension === undefined) return new WebSocketPeer(transport, opened, options);
  const { parameters, response } = opened.extension;
  const deflate = new MessageCodec(opened.role, parameters, options.codec);
  const isServer = opened.role === 'server';
  const windowBits = isServer ? parameters.serverMaxWindowBits : parameters.clientMaxWindowBits;
  // Spelled out: an object that is copied together has a shape of its own each time.
  const settings: PeerSettings = {
    role: opened.role,
    takeMaskingKey: opened.takeMaskingKey,
    protocol: opened.protocol ?? '',
    extensions: response,
    deflate,
    windowBits,
    head: opened.head,
    data: opened.data,
    ticker: opened.ticker,
    owner: opened.owner,
  };
  return new WebSocketPeer(transport, settings, options);
}

const NOTHING = (): void => {};

/** Numbers and words: what is the same is as good as it was. */
const PLAIN = (Object.keys(PEER_OPTIONS) as (keyof PeerOptions)[]).filter(
  (name) => name !== 'codec' && name !== 'handlerFailed',
);

/** Those of the options that were found good last: most peers of a process have the same. */
let latest: readonly unknown[] | undefined;

/**
 * Checks a peer's options before there is a peer, by making what would be made of them, unless they
 * are those that were found good last: adapters ask for every handshake.
 *
 * @throws UsageError `invalid-option`.
 */
export function checkPeerOptions(options: PeerOptions): void {
  if (options.codec !== undefined) {
    new MessageCodec('server', ANY_PARAMETERS, options.codec).close();
  }
  if (latest !== undefined && haveValues(options, PLAIN, latest)) return;
  new Backlog(options.slowConsumer, options.maxBufferedBytes);
  new Connection(
    SINK,
    connectionOptions({ role: 'server' }, options, false, () => 0),
  );
  latest = PLAIN.map((name) => options[name]);
}

const SINK: ConnectionSink = {
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

const ANY_PARAMETERS: DeflateParameters = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
