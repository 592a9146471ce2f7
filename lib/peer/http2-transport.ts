/**
 * A transport over one stream of an HTTP/2 connection [RFC 8441 §5].
 *
 * END_STREAM stands for FIN, and RST_STREAM with CANCEL for RST; everything else is as on a socket.
 */
import type { Duplex } from 'node:stream';
import { settleShape } from '../base/index.ts';
import { DuplexTransport } from './duplex-transport.ts';

/** As much of an HTTP/2 stream as is needed here. */
export type ResettableStream = Duplex & {
  readonly closed: boolean;
  close(errorCode: number): void;
};

/** The error code of a stream that is given up [RFC 9113 §7]. */
const CANCEL = 0x8;

/** Carries the bytes of one stream. */
export class Http2Transport extends DuplexTransport {
  readonly #stream: ResettableStream;

  constructor(stream: ResettableStream) {
    super(stream);
    this.#stream = stream;
  }

  override destroy(): void {
    if (!this.#stream.closed) this.#stream.close(CANCEL);
    super.destroy();
  }
}

settleShape(() => new Http2Transport({ on() {} } as unknown as ResettableStream));
