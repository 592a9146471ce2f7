/** The classes inside `ws`, used as its WebSocket uses them. */
import type { Duplex } from 'node:stream';
import * as ws from 'ws';
import type { Contender } from './contender.ts';

const isPlain = process.env['WS_NO_BUFFER_UTIL'] !== undefined;

/** What `ws` exports beside its documented classes, as far as it is used here. */
interface Internals {
  readonly Receiver: new (options: {
    isServer: boolean;
    maxPayload: number;
  }) => {
    on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void;
    on(event: 'error', listener: (error: Error) => void): void;
    write(chunk: Buffer): boolean;
  };
  readonly Sender: new (
    socket: Duplex,
  ) => {
    send(
      data: string | Buffer,
      options: { binary: boolean; compress: boolean; fin: boolean; mask: boolean },
    ): void;
  };
}
const { Receiver, Sender } = ws as unknown as Internals;

/** The default of its servers. */
const MAX_PAYLOAD = 100 * 1_048_576;

export const contender: Contender = {
  name: isPlain ? 'ws, no addon' : 'ws + addon',

  createDecoder(role, onMessage) {
    const receiver = new Receiver({ isServer: role === 'server', maxPayload: MAX_PAYLOAD });
    receiver.on('message', (data, isBinary) => onMessage(isBinary ? data : data.toString()));
    receiver.on('error', (error) => {
      throw error;
    });
    return (chunk) => receiver.write(chunk);
  },

  createEncoder(role, socket) {
    const sender = new Sender(socket as unknown as Duplex);
    const mask = role === 'client';
    return {
      send(payload) {
        const binary = typeof payload !== 'string';
        sender.send(payload, { binary, compress: false, fin: true, mask });
      },
      sendPieces(pieces) {
        for (let index = 0; index < pieces.length; index += 1) {
          const binary = typeof pieces[index] !== 'string';
          const fin = index === pieces.length - 1;
          sender.send(pieces[index]!, { binary, compress: false, fin, mask });
        }
      },
      flush() {},
    };
  },
};
