/**
 * What the framing bench asks of an implementation. To measure your own, write a module that
 * exports a `contender` of this type, and name the compiled file after `--with` (bench/README.md).
 */

/** Which end of the connection the implementation plays: a server reads masked frames. */
export type Role = 'client' | 'server';

/** An implementation of RFC 6455 framing. */
export interface Contender {
  /** Its name in tables, and in what is said of it when it fails. */
  readonly name: string;
  /**
   * Makes a decoder for one connection.
   *
   * @param onMessage must get every message: text as a string, known to be valid UTF-8, and binary
   *   as a Buffer that stays what it is when the next chunk comes.
   * @returns a function that takes the next bytes of the peer. The bytes are given away: it may
   *   modify and keep them.
   */
  createDecoder(role: Role, onMessage: (data: string | Buffer) => void): (chunk: Buffer) => void;
  /**
   * Makes an encoder for one connection.
   *
   * @returns how it is used: after `flush` all frames sent so far must have been written to
   *   `socket`, in pieces that will not change any more.
   */
  createEncoder(role: Role, socket: ByteSink): Encoder;
}

/** One connection's encoder. Its functions are called without `this`. */
export interface Encoder {
  /** Frames one message. */
  send(payload: string | Buffer): void;
  /**
   * Frames one message whose parts are known one after the other, a frame for each. Who cannot do
   * that leaves it out, and is absent where messages are written in fragments.
   */
  sendPieces?(pieces: readonly (string | Buffer)[]): void;
  flush(): void;
}

/** Where encoded frames go: as much of a socket as encoders use. */
export interface ByteSink {
  /** Takes a piece; what is given as a string is encoded as UTF-8 here, as a socket would. */
  write(piece: Buffer | string): boolean;
}
