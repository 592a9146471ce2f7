/**
 * Messages that come out of a Blob or an iterable, piece by piece: they end with their source, with
 * the connection, or with a signal, whichever comes first.
 */
import type { MessageWriter } from './message-writer.ts';
import type { MessageData, PieceSource } from './payload.ts';
import { unlessAborted } from './signals.ts';

/** Those who send piece by piece on one connection. */
export class PieceSending {
  /** Ends the waiting of each of them. */
  readonly #stops = new Set<() => void>();

  /**
   * Writes a message from its source.
   *
   * @param broken called when it breaks off and a part of it has been sent.
   * @returns false when the connection ended first. Rejects with what the source threw, or with the
   *   signal's reason.
   */
  send(
    writer: MessageWriter,
    source: PieceSource,
    signal: AbortSignal | undefined,
    broken: () => void,
  ): Promise<boolean> {
    let pieces: Pieces;
    try {
      pieces = new Pieces(source);
    } catch (error) {
      writer.abandon(); // Or everything behind it would wait for ever.
      throw error;
    }
    const sending = this.#unlessStopped(writeAll(writer, pieces, broken), pieces);
    if (signal === undefined) return sending;
    return unlessAborted(sending, signal, () => {
      pieces.leave();
      if (!writer.abandon() && !writer.isComplete) broken();
    });
  }

  /** A source that gives nothing any more must not outlive the connection. */
  async #unlessStopped(sending: Promise<boolean>, pieces: Pieces): Promise<boolean> {
    let stop = (): void => {};
    const stopped = new Promise<false>((resolve) => {
      stop = () => {
        pieces.leave();
        resolve(false);
      };
    });
    this.#stops.add(stop);
    // Its failure comes through the race; one that comes later is for nobody.
    sending.catch(() => {});
    try {
      return await Promise.race([sending, stopped]);
    } finally {
      this.#stops.delete(stop);
    }
  }

  /** The connection has ended. */
  stop(): void {
    for (const stop of this.#stops) stop();
  }
}

/** What a source gives, until somebody leaves it: then it can close what it reads from. */
class Pieces implements AsyncIterable<MessageData> {
  readonly #iterator: AsyncIterator<MessageData> | Iterator<MessageData>;
  readonly #isAsync: boolean;
  /** What it gives from now on is not the whole message. */
  isLeft = false;

  constructor(source: PieceSource) {
    const pieces = (source instanceof Blob ? source.stream() : source) as AnyIterable;
    this.#isAsync = pieces[Symbol.asyncIterator] !== undefined;
    this.#iterator = pieces[this.#isAsync ? Symbol.asyncIterator : Symbol.iterator]!();
  }

  /** Tells the source that no more is wanted; a generator hears it when it goes on. */
  leave(): void {
    if (this.isLeft) return;
    this.isLeft = true;
    void (async () => this.#iterator.return?.())().catch(() => {});
  }

  [Symbol.asyncIterator](): AsyncIterator<MessageData> {
    // `for await` awaits what a synchronous source gives, and needs to know that it is one.
    if (this.#isAsync) return this.#iterator as AsyncIterator<MessageData>;
    return fromSync(this.#iterator as Iterator<MessageData>);
  }
}

async function* fromSync(iterator: Iterator<MessageData>): AsyncGenerator<MessageData> {
  yield* { [Symbol.iterator]: () => iterator };
}

/** An iterable of which one does not know yet which kind it is. */
interface AnyIterable {
  readonly [Symbol.asyncIterator]?: () => AsyncIterator<MessageData>;
  readonly [Symbol.iterator]?: () => Iterator<MessageData>;
}

async function writeAll(
  writer: MessageWriter,
  pieces: Pieces,
  broken: () => void,
): Promise<boolean> {
  try {
    for await (const piece of pieces) {
      if (pieces.isLeft || !(await writer.write(piece))) return false;
    }
    // An end that we asked for is not the end of the message.
    return pieces.isLeft ? false : await writer.end();
  } catch (error) {
    if (!writer.abandon() && !writer.isComplete) broken();
    throw error;
  }
}
