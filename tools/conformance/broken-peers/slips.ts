/**
 * Peers with slips that were thought of last, when the suite was finished: would it see them?
 */
import { type BrokenPeer, broken } from './broken-peer.ts';
import { EchoPeer } from './echo-peer.ts';
import type { Header } from './frame-end.ts';

/** Needs 0.7 seconds for each echo, and lets its echoes leave before it answers a close frame. */
class WorksOffItsQueue extends EchoPeer {
  #pending = 0;
  #close: Buffer | undefined;

  override echo(payload: Buffer, isBinary: boolean): void {
    this.#pending += 1;
    this.link.later(700, () => {
      this.#pending -= 1;
      if (this.state !== 'open') return;
      super.echo(payload, isBinary);
      if (this.#pending === 0 && this.#close !== undefined) super.closeArrives(this.#close);
    });
  }

  override closeArrives(payload: Buffer): void {
    if (this.#pending === 0) super.closeArrives(payload);
    else this.#close = payload;
  }
}

/** Cuts long echoes in two, and gives the second half the opcode of a message. */
class ContinuesAsText extends EchoPeer {
  override echo(payload: Buffer, isBinary: boolean): void {
    if (payload.length < 1000) {
      super.echo(payload, isBinary);
      return;
    }
    this.send(isBinary ? 2 : 1, payload.subarray(0, 1000), 0, false);
    this.send(isBinary ? 2 : 1, payload.subarray(1000));
  }
}

/** Takes three bits of the opcode for all of it: control frames become data. */
class ThreeBitOpcodes extends EchoPeer {
  override readHeader(bytes: Buffer): Header | undefined {
    const header = super.readHeader(bytes);
    return header && { ...header, opcode: header.opcode & 7 };
  }
}

/** The peers of this file. */
export const BROKEN_SLIPS: readonly BrokenPeer[] = [
  broken(
    'works-off-its-queue',
    'Needs 0.7 seconds for an echo, where half a second is allowed.',
    WorksOffItsQueue,
    '6.5.* 6.6.* 6.7.* 6.9.* 6.11.* 6.22.* 6.23.* -@1007',
    { pale: '@first' },
  ),
  broken(
    'continues-as-text',
    'Gives the second half of a long echo the opcode of a message.',
    ContinuesAsText,
    '1.1.6 1.1.7 1.1.8 1.2.6 1.2.7 1.2.8 10.1.1',
  ),
  broken(
    'three-bit-opcodes',
    'Takes three bits of the opcode for all of it.',
    ThreeBitOpcodes,
    // Its 1002 happens to be the answer that 7.7.3 wants.
    '@clean -7.7.3 2.5 5.1 5.2',
  ),
];
