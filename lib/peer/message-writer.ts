/**
 * Writes one message piece by piece, at the pace of the peer: each piece is a frame of it.
 */
import type { OutgoingMessage } from '../connection/index.ts';
import { type MessageData, toPayload } from './payload.ts';

/** A message being written. */
export class MessageWriter {
  readonly #message: OutgoingMessage;
  readonly #room: () => Promise<void> | undefined;

  /** @param room resolves when there is room for more; `undefined` when there is now. */
  constructor(message: OutgoingMessage, room: () => Promise<void> | undefined) {
    this.#message = message;
    this.#room = room;
  }

  /**
   * Writes the next piece. Await it: that is what slows a fast producer down.
   *
   * @returns false when the connection ended and nothing more can be written.
   * @throws UsageError `invalid-argument` for anything that is neither text nor bytes.
   */
  async write(piece: MessageData): Promise<boolean> {
    const isTaken = this.#message.write(toPayload(piece));
    if (isTaken) await this.#room();
    return isTaken;
  }

  /** Ends the message. @returns false when the connection ended first. */
  async end(piece?: MessageData): Promise<boolean> {
    const isTaken = this.#message.end(piece === undefined ? undefined : toPayload(piece));
    if (isTaken) await this.#room();
    return isTaken;
  }

  /**
   * Gives the message up; false when its beginning has been sent, and only closing the connection
   * can end it.
   */
  abandon(): boolean {
    return this.#message.abandon();
  }
}
