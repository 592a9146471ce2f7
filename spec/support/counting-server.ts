/** The server of a WebSocket client in the hands of a law, which counts what goes to and fro. */
import assert from 'node:assert/strict';
import { computeAccept } from 'barewire/handshake';
import { WantedConnection } from './interleavings.ts';

/** How a server answers a request. */
export type Answer = 'accept' | 'refuse' | 'garble';

/** One connection as the server sees it, and what the law knows of it. */
export class CountedConnection extends WantedConnection {
  /** What the client was given to send over it, in order. */
  readonly given: string[] = [];
  /** What the server has said, and what the client has heard of it. */
  readonly said: string[] = [];
  readonly heard: string[] = [];
  /** The client has reported it open. */
  isOpened = false;
  /** Somebody has cut it or has begun to leave: not everything need arrive. */
  isCut = false;
  #bytes = Buffer.alloc(0);

  constructor(...parts: ConstructorParameters<typeof WantedConnection>) {
    super(...parts);
    this.far.on('data', (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
    });
  }

  /** The request's key; `undefined` while it has not come. */
  get key(): string | undefined {
    return /Sec-WebSocket-Key: (\S+)\r\n[\s\S]*\r\n\r\n/.exec(this.#bytes.toString('latin1'))?.[1];
  }

  write(bytes: string | Buffer): void {
    if (this.far.writable) this.far.write(bytes);
  }

  answer(answer: Answer): void {
    if (this.key === undefined) return;
    this.state = answer === 'accept' ? 'open' : 'over';
    const accept = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: `;
    if (answer === 'accept') {
      this.write(`HTTP/1.1 101 Go\r\n${accept}${computeAccept(this.key)}\r\n\r\n`);
    } else if (answer === 'refuse') {
      this.write('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n');
    } else {
      this.write('SSH-2.0\r\n\r\n');
    }
  }

  /** Says something of its own. */
  say(text: string): void {
    this.said.push(text);
    this.write(Buffer.concat([Buffer.of(0x81, text.length), Buffer.from(text)]));
  }

  /**
   * What holds at any time: what comes is well-formed, and nothing is missing, changed or out of
   * order in either direction.
   *
   * @param isSettled nothing is on its way any more.
   */
  check(isSettled = false): void {
    const { texts, hasClosed } = this.#readFrames();
    // A close frame stands behind everything that was accepted before.
    const isAll = hasClosed || (isSettled && this.isOpened && !this.isCut);
    assert.deepEqual(brief(texts), brief(isAll ? this.given : this.given.slice(0, texts.length)));
    const said = isSettled && this.isOpened && !this.isCut ? this.said.length : this.heard.length;
    assert.deepEqual(this.heard, this.said.slice(0, said));
  }

  /** The messages that have come whole, and whether a close frame has come. */
  #readFrames(): { texts: string[]; hasClosed: boolean } {
    const head = this.#bytes.indexOf('\r\n\r\n');
    const texts: string[] = [];
    let hasClosed = false;
    for (let at = head + 4; head !== -1 && at + 2 <= this.#bytes.length; ) {
      const [first, second] = [this.#bytes[at]!, this.#bytes[at + 1]!];
      assert.ok((second & 0x80) !== 0, 'a frame without a mask');
      const short = second & 0x7f;
      const start = at + (short === 126 ? 8 : 6);
      const length = short === 126 ? this.#bytes.readUInt16BE(at + 2) : short;
      if (start + length > this.#bytes.length) break;
      assert.ok(!hasClosed, 'a frame behind the close frame');
      const key = this.#bytes.subarray(start - 4, start);
      const payload = this.#bytes.subarray(start, start + length);
      if (first === 0x81) {
        texts.push(Buffer.from(payload.map((byte, index) => byte ^ key[index % 4]!)).toString());
      } else {
        assert.ok([0x88, 0x89, 0x8a].includes(first), `a frame that nobody sent: ${first}`);
      }
      hasClosed = first === 0x88;
      at = start + length;
    }
    return { texts, hasClosed };
  }
}

/** Texts in a form in which thousands of the same letter can be read. */
function brief(texts: readonly string[]): string[] {
  return texts.map((text) => text.replace(/x+$/, (padding) => `x*${padding.length}`));
}
