/** The server of an event source in the hands of a law. */
import { WantedConnection } from './interleavings.ts';

/** How a stream begins. */
export const STREAM_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n';

/** One connection as the server sees it. */
export class StreamConnection extends WantedConnection {
  /** What the server has written, and the wire has not carried yet. */
  backlog = '';
  #request = '';

  constructor(...given: ConstructorParameters<typeof WantedConnection>) {
    super(...given);
    this.far.on('data', (bytes: Buffer) => {
      this.#request += bytes.toString('latin1');
    });
  }

  get hasAsked(): boolean {
    return this.#request.endsWith('\r\n\r\n');
  }

  /** The position that the request names. */
  get lastEventId(): string | undefined {
    return /\r\nLast-Event-ID: (.*)\r\n/.exec(this.#request)?.[1];
  }

  /** Carries so many characters. */
  flow(count: number): void {
    if (this.far.writable) this.far.write(this.backlog.slice(0, count));
    this.backlog = this.backlog.slice(count);
  }
}
