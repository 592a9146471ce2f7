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
    const sending = this.#unlessStopped(writeAll(writer, source, broken));
    if (signal === undefined) return sending;
    return unlessAborted(sending, signal, () => {
      if (!writer.abandon() && !writer.isComplete) broken();
    });
  }

  /** A source that gives nothing any more must not outlive the connection. */
  async #unlessStopped(sending: Promise<boolean>): Promise<boolean> {
    let stop = (): void => {};
    const stopped = new Promise<false>((resolve) => {
      stop = () => resolve(false);
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

async function writeAll(
  writer: MessageWriter,
  source: PieceSource,
  broken: () => void,
): Promise<boolean> {
  const pieces = source instanceof Blob ? source.stream() : source;
  try {
    for await (const piece of pieces as AsyncIterable<MessageData>) {
      if (!(await writer.write(piece))) return false;
    }
    return await writer.end();
  } catch (error) {
    if (!writer.abandon() && !writer.isComplete) broken();
    throw error;
  }
}
