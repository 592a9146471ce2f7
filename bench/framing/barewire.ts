/** barewire's codec with the parts of its connection that make messages of frames, and frames. */
import { randomFillSync } from 'node:crypto';
import { FrameReader, lendReadMemory, OPCODE, viewRead } from 'barewire/codec';
import { type AssemblerSink, MessageAssembler, Outbox } from 'barewire/connection';
import type { Contender } from './contender.ts';

/** Frames that are gathered at most before they are written, as a connection does in one turn. */
const FLUSH_BYTES = 32_768;

/**
 * Whose memory the reads are. A server of ours reads all connections into one, which is read into
 * again: what it delivers must be copied. Others may give their reads away.
 */
const IS_SHARED = process.env['BAREWIRE_BENCH_READS'] === 'shared';

export const contender: Contender = {
  name: 'barewire',

  createDecoder(role, onMessage) {
    const assembler = new MessageAssembler(new Messages(onMessage));
    if (!IS_SHARED) {
      const reader = new FrameReader(assembler, { role, givesInput: true });
      return (chunk) => reader.receive(chunk);
    }
    const reader = new FrameReader(assembler, { role, ownsInput: true });
    const memory = lendReadMemory();
    return (chunk) => {
      // What the kernel does for a server.
      for (let at = 0; at < chunk.length; at += memory.length) {
        reader.receive(viewRead(chunk.copy(memory, 0, at)));
      }
    };
  },

  createEncoder(role, socket) {
    const outbox = new Outbox(role === 'client' ? takeMaskingKey : undefined);
    // The socket has passed everything on when it returns, so the memory may be used again.
    const taker = {
      take(bytes: Buffer): boolean {
        socket.write(bytes);
        return true;
      },
    };
    return {
      send(payload) {
        outbox.append(typeof payload === 'string' ? OPCODE.text : OPCODE.binary, true, 0, payload);
        if (outbox.length >= FLUSH_BYTES) outbox.flush(taker);
      },
      sendPieces(pieces) {
        let opcode: number = typeof pieces[0] === 'string' ? OPCODE.text : OPCODE.binary;
        for (let index = 0; index < pieces.length; index += 1) {
          outbox.append(opcode, index === pieces.length - 1, 0, pieces[index]!);
          if (outbox.length >= FLUSH_BYTES) outbox.flush(taker);
          opcode = OPCODE.continuation;
        }
      },
      flush: () => outbox.flush(taker),
    };
  },
};

/** Hands messages on; the streams that are measured hold nothing else. */
class Messages implements AssemblerSink {
  readonly message: (data: string | Buffer) => void;

  constructor(onMessage: (data: string | Buffer) => void) {
    this.message = onMessage;
  }

  messageStart(): void {}

  messagePiece(): void {}

  messageEnd(): void {}

  control(): void {}

  failed(error: Error): void {
    throw error;
  }

  inflating(): void {}
  pauseFrames(): void {}
  whenWanted(deliver: () => void): void {
    deliver();
  }

  jobDone(): void {}
}

const keys = new Uint32Array(2_048);
let nextKey = keys.length;

/** Unpredictable keys, drawn 8 KiB at a time as `ws` does it too. */
function takeMaskingKey(): number {
  if (nextKey === keys.length) {
    randomFillSync(keys);
    nextKey = 0;
  }
  nextKey += 1;
  return keys[nextKey - 1]!;
}
