/**
 * Who compresses: our codec in its ways, and the class inside ws. An echo is one message
 * inflated and one compressed, as a server does it.
 */
import { MessageCodec, type MessageCodecOptions } from 'barewire/deflate';
import * as ws from 'ws';

/**
 * `barewire` is what a codec does where it can; `level 6`, the same with zlib's own level; `as ws`,
 * with zlib's own window and memory too, as ws does; `documented`, what it does elsewhere: one-shot
 * zlib calls with the window as a dictionary. `ws, our settings` has the level, the window and the
 * memory that are barewire's defaults.
 */
export type PeerName = 'barewire' | 'level 6' | 'as ws' | 'documented' | 'ws' | 'ws, our settings';

/** All of them, ours first. */
export const PEERS: readonly PeerName[] = [
  'barewire',
  'level 6',
  'as ws',
  'documented',
  'ws',
  'ws, our settings',
];

/** One end of a connection. */
export interface Peer {
  /** Inflates a message and compresses it again; resolves with the length of what is sent back. */
  readonly echo: (payload: Buffer) => Promise<number>;
  /** Gives back what an idle connection does not need. */
  readonly release: () => void;
}

/** What is negotiated when nobody asks for anything. */
const DEFAULTS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

type OurName = Exclude<PeerName, keyof typeof WS_OPTIONS>;

const WS_OPTIONS = {
  ws: {},
  'ws, our settings': {
    zlibDeflateOptions: { level: 3, windowBits: 13, memLevel: 6 },
    serverMaxWindowBits: 13,
  },
} as const;

const OPTIONS: Readonly<Record<OurName, MessageCodecOptions>> = {
  barewire: {},
  'level 6': { level: 6 },
  'as ws': { level: 6, windowBits: 15, memoryLevel: 8 },
  documented: { zlib: 'documented' },
};

/** Makes one end of a connection. */
export function makePeer(name: PeerName): Peer {
  if (name === 'ws' || name === 'ws, our settings') return makeWs(WS_OPTIONS[name]);
  return makeOurs(OPTIONS[name]);
}

function makeOurs(options: MessageCodecOptions): Peer {
  const codec = new MessageCodec('server', DEFAULTS, options);
  return {
    echo: (payload) =>
      new Promise((resolve, reject) => {
        codec.decompress(payload, true, 2 ** 26, (error, message) => {
          if (error) reject(error);
          else codec.compress(message, true, (_, packed) => resolve(packed.length));
        });
      }),
    release: () => codec.releaseIdle(),
  };
}

interface WsDeflate {
  accept(offers: object[]): void;
  compress(data: Buffer, fin: boolean, done: (error: Error | null, out: Buffer) => void): void;
  decompress(data: Buffer, fin: boolean, done: (error: Error | null, out: Buffer) => void): void;
}

function makeWs(options: object): Peer {
  // Not in the types of the package, but among its exports.
  const { PerMessageDeflate } = ws as unknown as {
    PerMessageDeflate: new (options: object) => WsDeflate;
  };
  const codec = new PerMessageDeflate({ ...options, threshold: 0, isServer: true });
  codec.accept([{}]);
  return {
    echo: (payload) =>
      new Promise((resolve, reject) => {
        codec.decompress(payload, true, (error, message) => {
          if (error) reject(error);
          else codec.compress(message, true, (_, packed) => resolve(packed.length));
        });
      }),
    release: () => {},
  };
}

/**
 * What a client would send: each message refers to those before it, so they must be fed in this
 * order and only once to one connection.
 */
export async function packMessages(messages: readonly Buffer[]): Promise<Buffer[]> {
  const client = new MessageCodec('client', DEFAULTS);
  const packed: Buffer[] = [];
  for (const message of messages) {
    packed.push(
      await new Promise((resolve) => {
        client.compress(message, true, (_, bytes) => resolve(bytes));
      }),
    );
  }
  return packed;
}
