/**
 * Peers that read or write frames wrongly [RFC 6455 §5.2, §5.3].
 */
import { type BrokenPeer, broken } from './broken-peer.ts';
import { EchoPeer } from './echo-peer.ts';
import type { Header } from './frame-end.ts';

/** Reads every length as if it stood in seven bits. */
class ShortLengths extends EchoPeer {
  override readHeader(bytes: Buffer): Header | undefined {
    const header = super.readHeader(bytes);
    if (header === undefined || header.form === 7) return header;
    return { ...header, length: header.form === 16 ? 126 : 127, form: 16 };
  }
}

class LittleEndian extends EchoPeer {
  override readHeader(bytes: Buffer): Header | undefined {
    const header = super.readHeader(bytes);
    return header?.form === 16 ? { ...header, length: bytes.readUInt16LE(2) } : header;
  }
}

class HighHalfOnly extends EchoPeer {
  override readHeader(bytes: Buffer): Header | undefined {
    const header = super.readHeader(bytes);
    return header?.form === 64 ? { ...header, length: bytes.readUInt32BE(2) } : header;
  }

  override judgeLength(): undefined {}
}

/** Writes 126 octets with the length in seven bits, where 126 means something else. */
class WritesOneTooMany extends EchoPeer {
  override buildFrame(opcode: number, payload: Buffer, rsv: number, fin: boolean): Buffer {
    if (payload.length !== 126 || this.role === 'client') {
      return super.buildFrame(opcode, payload, rsv, fin);
    }
    return Buffer.concat([Buffer.of((fin ? 0x80 : 0) | (rsv << 4) | opcode, 126), payload]);
  }
}

/** Writes 65535 octets with the length in 64 bits, where 16 would do. */
class WritesTooWide extends EchoPeer {
  override buildFrame(opcode: number, payload: Buffer, rsv: number, fin: boolean): Buffer {
    const frame = super.buildFrame(opcode, payload, rsv, fin);
    if (payload.length !== 65_535) return frame;
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(65_535n);
    return Buffer.concat([
      frame.subarray(0, 1),
      Buffer.of(frame[1]! | 1),
      length,
      frame.subarray(4),
    ]);
  }
}

class MaskStartsOverEachRead extends EchoPeer {
  override unmask(piece: Buffer, mask: Buffer): void {
    super.unmask(piece, mask, 0);
  }
}

class NeverUnmasks extends EchoPeer {
  override unmask(piece: Buffer, mask: Buffer, offset: number): void {
    if (this.role === 'client') super.unmask(piece, mask, offset);
  }
}

/** As server it masks, as client it does not. */
class MasksTheWrongWay extends EchoPeer {
  override buildFrame(opcode: number, payload: Buffer, rsv: number, fin: boolean): Buffer {
    const frame = super.buildFrame(opcode, payload, rsv, fin);
    const at = payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10;
    const head = Buffer.from(frame.subarray(0, at));
    head[1]! ^= 0x80;
    if (this.role === 'client') return Buffer.concat([head, payload]);
    // A key of zeros leaves the payload as it is.
    return Buffer.concat([head, Buffer.alloc(4), payload]);
  }
}

/** Believes that a read has one frame: what comes behind it is lost. */
class OneFrameARead extends EchoPeer {
  override receive(bytes: Buffer): void {
    const header = this.isBetweenFrames ? this.readHeader(bytes) : undefined;
    super.receive(header === undefined ? bytes : bytes.subarray(0, header.size + header.length));
  }
}

/** Believes that a read has a whole frame: what is incomplete is forgotten. */
class ReadsAreWhole extends EchoPeer {
  override receive(bytes: Buffer): void {
    const header = this.readHeader(bytes);
    if (header !== undefined && bytes.length >= header.size + header.length) super.receive(bytes);
  }
}

class NeverEchoes extends EchoPeer {
  override messageArrives(): void {}
}

class SwapsTypes extends EchoPeer {
  override echo(payload: Buffer, isBinary: boolean): void {
    super.echo(payload, !isBinary);
  }
}

class EverythingIsText extends EchoPeer {
  override echo(payload: Buffer): void {
    super.echo(payload, false);
  }
}

class LosesTheLastOctet extends EchoPeer {
  override echo(payload: Buffer, isBinary: boolean): void {
    super.echo(payload.subarray(0, Math.max(0, payload.length - 1)), isBinary);
  }
}

class EchoesTwice extends EchoPeer {
  override echo(payload: Buffer, isBinary: boolean): void {
    super.echo(payload, isBinary);
    super.echo(payload, isBinary);
  }
}

class NoEmptyMessages extends EchoPeer {
  override echo(payload: Buffer, isBinary: boolean): void {
    if (payload.length > 0) super.echo(payload, isBinary);
  }
}

class LimitedTo64K extends EchoPeer {
  override judgeLength(header: Header): number | undefined {
    return header.length >= 65_536 ? 1009 : super.judgeLength(header);
  }
}

/** The peers of this file. */
export const BROKEN_FRAMING: readonly BrokenPeer[] = [
  broken(
    'short-lengths',
    'Takes 126 and 127 for lengths.',
    ShortLengths,
    '1.1.4 1.1.5 1.1.6 1.1.7 1.1.8 1.2.4 1.2.5 1.2.6 1.2.7 1.2.8 10.1.1',
  ),
  broken(
    'little-endian',
    'Reads the 16 bits of a length backwards.',
    LittleEndian,
    '1.1.3 1.1.4 1.1.5 1.2.3 1.2.4 1.2.5 10.1.1',
  ),
  broken(
    'high-half-only',
    'Reads the upper 32 of 64 bits of length, and checks no length.',
    HighHalfOnly,
    '2.5 1.1.7 1.1.8 1.2.7 1.2.8 7.3.6',
  ),
  broken(
    'one-too-many',
    'Writes 126 octets with a length of seven bits.',
    WritesOneTooMany,
    '1.1.3 1.2.3',
    { roles: ['server'] },
  ),
  broken('too-wide', 'Writes 65535 octets with a length of 64 bits.', WritesTooWide, '1.1.6 1.2.6'),
  broken(
    'mask-restarts',
    'Begins the masking key anew with each read.',
    MaskStartsOverEachRead,
    '2.6 2.11 3.4 5.5 5.8 1.1.8 1.2.8 4.1.5 4.2.5',
    { roles: ['server'] },
  ),
  broken(
    'never-unmasks',
    'Leaves the mask on what it reads.',
    NeverUnmasks,
    '@first @1007 @clean 5.18 -6.3.* -6.4.* -6.13.* -7.3.1 -7.7.3',
    { pale: '6.4.*', roles: ['server'] },
  ),
  broken(
    'masks-wrongly',
    'Masks as server, does not as client.',
    MasksTheWrongWay,
    '@1002 @1007 @clean @code 7.5.1',
    { redAsClient: '@1002 @1007 @clean' },
  ),
  broken(
    'one-frame-a-read',
    'Loses what comes behind a frame in the same read.',
    OneFrameARead,
    '@first 2.7 2.8 2.9 2.10 5.3 5.6 5.18 5.19 6.1.2 6.1.3 6.2.2 6.2.3 6.2.4 6.3.2 7.1.5 10.1.1 ' +
      '-3.3 -3.4 -4.1.5 -4.2.5',
  ),
  broken(
    'reads-are-whole',
    'Forgets a frame that is not whole in one read.',
    ReadsAreWhole,
    '2.6 2.11 3.4 5.5 5.8 5.11 5.14 1.1.8 1.2.8 4.1.5 4.2.5 6.4.3 6.4.4',
  ),
  broken('never-echoes', 'Takes messages and says nothing.', NeverEchoes, '@echo', {
    pale: '@first',
  }),
  broken('swaps-types', 'Echoes text as binary and binary as text.', SwapsTypes, '@echo @first'),
  broken('everything-is-text', 'Echoes binary as text.', EverythingIsText, '1.2.*'),
  broken(
    'loses-the-last-octet',
    'Echoes one octet less.',
    LosesTheLastOctet,
    '@echo @first -1.1.1 -1.2.1 -6.1.1 -6.1.2',
  ),
  broken('echoes-twice', 'Echoes each message twice.', EchoesTwice, '@echo @first'),
  broken(
    'no-empty-messages',
    'Does not echo empty messages.',
    NoEmptyMessages,
    '1.1.1 1.2.1 6.1.1 6.1.2',
  ),
  broken(
    'limited-to-64k',
    'Refuses frames of 64 KiB and more.',
    LimitedTo64K,
    '1.1.7 1.1.8 1.2.7 1.2.8',
  ),
];
