/** Server's peers that a broadcast goes to, and what their clients read. */
import { PassThrough } from 'node:stream';
import {
  DEFLATE_HERE_BYTES,
  DeflatePool,
  MessageCodec,
  type MessageCodecOptions,
  sharedDeflatePool,
} from 'barewire/deflate';
import { DuplexTransport, openPeer, type PeerOptions, type WebSocketPeer } from 'barewire/peer';
import type { Test } from 'tap';
import { Pair } from './connection-pair.ts';
import { DEFAULTS, type SteppedThreads } from './deflate-jobs.ts';

/** Text that compresses well, told apart by its first word. */
export const textOf = (length: number, name = ''): string =>
  name +
  'all work and no play makes a dull broadcast '.repeat(length / 40).slice(name.length, length);
/** As much as is compressed on the calling thread. */
export const LARGEST_SMALL = textOf(DEFLATE_HERE_BYTES);
/** One byte more. */
export const SMALLEST_LARGE = textOf(DEFLATE_HERE_BYTES + 1);

/** One turn of the event loop. */
export const turnEnd = (): Promise<void> => new Promise((done) => setImmediate(done));

/** Options of a peer, and how it drives zlib where it has to compress by itself. */
export type MemberOptions = PeerOptions & Pick<MessageCodecOptions, 'zlib'>;

/** A server's peer, and what its client would read of it. */
export class Member {
  readonly writes: Buffer[] = [];
  readonly stream = new PassThrough();
  readonly peer: WebSocketPeer;

  constructor(t: Pick<Test, 'teardown'>, windowBits = 15, more: MemberOptions = {}) {
    const { zlib = 'handle', ...options } = more;
    this.stream.write = (chunk: unknown) => {
      this.writes.push(Buffer.from(chunk as Buffer));
      return true;
    };
    const parameters = { ...DEFAULTS, serverMaxWindowBits: windowBits };
    const extension = { parameters, response: 'permessage-deflate' };
    const transport = new DuplexTransport(this.stream);
    this.peer = openPeer(transport, { role: 'server', extension }, { ...options, codec: { zlib } });
    t.teardown(() => this.peer.terminate());
  }

  /** What has left: messages, read with one window for all of them, and the word of a close. */
  read(): unknown[] {
    const pool = new DeflatePool(0);
    const deflate = new MessageCodec('client', DEFAULTS, { pool, zlib: 'handle' });
    const { client } = new Pair({ client: { deflate } });
    for (const bytes of this.writes) client.connection.receive(bytes);
    const seen = client.seen.map(([, data]) => data);
    const { isOpen } = client.connection;
    deflate.close();
    return isOpen ? seen : [...seen, 'close'];
  }
}

/** Lets everything that is under way come to its end, that of real threads too. */
export async function settle(threads: SteppedThreads): Promise<void> {
  do await turnEnd();
  while (threads.step() || sharedDeflatePool().queue.length > 0);
}
