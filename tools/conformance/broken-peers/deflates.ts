/**
 * Peers that compress wrongly [RFC 7692 §7.1, §7.2].
 */
import { type BrokenPeer, broken } from './broken-peer.ts';
import { EchoPeer } from './echo-peer.ts';

const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

class ForgetsWhatItInflated extends EchoPeer {
  override inflate(payload: Buffer): Buffer {
    this.deflate!.in.window = Buffer.alloc(0);
    return super.inflate(payload);
  }
}

class RemembersWhatItDeflated extends EchoPeer {
  override echo(payload: Buffer, isBinary: boolean): void {
    const { deflate } = this;
    if (deflate === undefined) {
      super.echo(payload, isBinary);
      return;
    }
    const { out } = deflate;
    const bytes = deflate.compress(payload);
    if (out.forgets) out.window = Buffer.concat([out.window, payload]).subarray(-32_768);
    this.send(isBinary ? 2 : 1, bytes, 4);
  }
}

class WindowTooLarge extends EchoPeer {
  override echo(payload: Buffer, isBinary: boolean): void {
    if (this.deflate !== undefined) Object.assign(this.deflate.out, { windowBits: 15 });
    super.echo(payload, isBinary);
  }
}

class LeavesTheTail extends EchoPeer {
  override send(opcode: number, payload: Buffer, rsv = 0, fin = true): void {
    super.send(opcode, rsv === 4 ? Buffer.concat([payload, TAIL]) : payload, rsv, fin);
  }
}

class ForgetsTheBit extends EchoPeer {
  override send(opcode: number, payload: Buffer, _rsv = 0, fin = true): void {
    super.send(opcode, payload, 0, fin);
  }
}

class SetsTheBitOnPlainText extends EchoPeer {
  override echo(payload: Buffer, isBinary: boolean): void {
    this.send(isBinary ? 2 : 1, payload, this.deflate === undefined ? 0 : 4);
  }
}

class SetsTheBitOnEachFragment extends EchoPeer {
  override send(opcode: number, payload: Buffer, rsv = 0): void {
    if (rsv !== 4 || payload.length < 2) {
      super.send(opcode, payload, rsv);
      return;
    }
    super.send(opcode, payload.subarray(0, 1), rsv, false);
    super.send(0, payload.subarray(1), rsv, true);
  }
}

class EchoesDeflated extends EchoPeer {
  override inflate(payload: Buffer): Buffer {
    return payload;
  }
}

class CutsLongMessages extends EchoPeer {
  override inflate(payload: Buffer): Buffer {
    return super.inflate(payload).subarray(0, 100);
  }
}

/** Small messages say as much as large ones here. */
const SMALL = '12.1.1 12.3.2 13.2.2 13.3.3';

/** The peers of this file. */
export const BROKEN_DEFLATES: readonly BrokenPeer[] = [
  broken(
    'forgets-inflated',
    'Starts each inflation with an empty window.',
    ForgetsWhatItInflated,
    '12.1.1 12.3.2 13.2.2 13.3.3',
    { heavy: SMALL },
  ),
  broken(
    'remembers-deflated',
    'Keeps its window though it has promised not to.',
    RemembersWhatItDeflated,
    '13.2.2',
    { heavy: SMALL },
  ),
  broken('window-too-large', 'Looks back further than it has promised.', WindowTooLarge, '13.3.3', {
    heavy: SMALL,
  }),
  broken(
    'leaves-the-tail',
    'Sends the four octets that are to be left out.',
    LeavesTheTail,
    '12.1.1 12.3.2 13.3.3',
    { heavy: SMALL },
  ),
  broken(
    'forgets-rsv1',
    'Sends compressed messages without RSV1.',
    ForgetsTheBit,
    '12.1.1 12.3.2 13.2.2 13.3.3',
    { heavy: SMALL },
  ),
  broken(
    'rsv1-on-plain',
    'Sets RSV1 on messages that are not compressed.',
    SetsTheBitOnPlainText,
    '12.1.1 12.3.2 13.2.2 13.3.3',
    { heavy: SMALL },
  ),
  broken(
    'rsv1-on-fragments',
    'Sets RSV1 on every fragment.',
    SetsTheBitOnEachFragment,
    '12.1.1 12.3.2 13.2.2 13.3.3',
    { heavy: SMALL },
  ),
  broken(
    'echoes-deflated',
    'Takes compressed octets for the message.',
    EchoesDeflated,
    '12.1.1 12.3.2 13.2.2 13.3.3',
    { heavy: SMALL },
  ),
  broken(
    'cuts-long-messages',
    'Inflates into a buffer of 100 octets.',
    CutsLongMessages,
    '13.3.3',
    { heavy: SMALL },
  ),
];
