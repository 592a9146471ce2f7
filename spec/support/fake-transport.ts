/** A transport in the hands of a spec: it is congested when told, and notes what it is asked. */
import {
  type PeerSettings,
  type Transport,
  type TransportSink,
  type WebSocketOptions,
  WebSocketPeer,
} from 'barewire/peer';

/** Takes everything, and delivers what the spec gives to its `sink`. */
export class FakeTransport implements Transport {
  readonly ownsBytes = false;
  bufferedBytes = 0;
  isCongested = false;
  /** What was asked of it but for writes, in order. */
  readonly calls: string[] = [];
  sink!: TransportSink;
  #written: Buffer[] = [];

  start(sink: TransportSink): void {
    this.sink = sink;
  }

  write(bytes: Buffer): boolean {
    this.#written.push(Buffer.from(bytes));
    return true;
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }

  end(): void {
    this.calls.push('end');
  }

  destroy(): void {
    this.calls.push('destroy');
  }

  /** Makes room, and says so. */
  drain(): void {
    this.isCongested = false;
    this.bufferedBytes = 0;
    this.sink.drain();
  }

  /** What was written up to the end of this turn; it is gone afterwards. */
  async written(): Promise<Buffer> {
    await new Promise((resolve) => setImmediate(resolve));
    return Buffer.concat(this.#written.splice(0));
  }
}

/** A peer over such a transport; a server's unless it is told otherwise. */
export function fakePeer(
  options: WebSocketOptions = {},
  settings: Partial<PeerSettings> = {},
): { peer: WebSocketPeer; transport: FakeTransport } {
  const transport = new FakeTransport();
  const takeMaskingKey = (): number => 0x01020304;
  const peer = new WebSocketPeer(
    transport,
    { role: 'server', takeMaskingKey, ...settings },
    options,
  );
  return { peer, transport };
}
