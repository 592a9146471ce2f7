/**
 * Peers that are unusual and right: none of them may turn a single case red.
 */
import { EchoPeer } from './echo-peer.ts';
import type { Header } from './frame-end.ts';
import type { PeerClass } from './simulate.ts';

/** Fails connections without a close frame, by dropping TCP. */
class WithoutAWord extends EchoPeer {
  override fail(): void {
    this.state = 'done';
    this.link.end();
  }
}

/** Cuts what it sends into fragments, with an empty one in the middle and at the end. */
class InFragments extends EchoPeer {
  override send(opcode: number, payload: Buffer, rsv = 0): void {
    if (opcode >= 8 || payload.length < 2) {
      super.send(opcode, payload, rsv);
      return;
    }
    const half = payload.length >> 1;
    super.send(opcode, payload.subarray(0, half), rsv, false);
    super.send(0, Buffer.alloc(0), 0, false);
    super.send(0, payload.subarray(half), 0, false);
    super.send(0, Buffer.alloc(0), 0, true);
  }
}

/** Sends a ping of its own before everything else. */
class Pings extends EchoPeer {
  override send(opcode: number, payload: Buffer, rsv = 0, fin = true): void {
    if (opcode !== 8) super.send(9, Buffer.from('are you there?'));
    super.send(opcode, payload, rsv, fin);
  }
}

/** Takes a tenth of a second for each answer. */
class Slow extends EchoPeer {
  override send(opcode: number, payload: Buffer, rsv = 0, fin = true): void {
    const copy = Buffer.from(payload);
    // The close frame must not overtake, nor be followed.
    this.link.later(100, () => super.send(opcode, copy, rsv, fin));
  }

  override hangUp(): void {
    this.state = 'done';
    if (this.role === 'server') this.link.later(200, () => this.link.end());
  }
}

/** Answers close frames without a code. */
class EmptyCloses extends EchoPeer {
  override answerClose(): void {
    this.send(8, Buffer.alloc(0));
  }
}

/** Writes octet by octet. */
class OctetByOctet extends EchoPeer {
  override buildFrame(opcode: number, payload: Buffer, rsv: number, fin: boolean): Buffer {
    const frame = super.buildFrame(opcode, payload, rsv, fin);
    if (frame.length > 2000) return frame;
    for (const octet of frame) this.link.write(Buffer.of(octet));
    return Buffer.alloc(0);
  }
}

/** Sends everything uncompressed, whatever was agreed. */
class NeverCompresses extends EchoPeer {
  override echo(payload: Buffer, isBinary: boolean): void {
    this.send(isBinary ? 2 : 1, payload);
  }
}

/** Sends each piece back as it comes: it keeps nothing, and needs no limit. */
class SendsBackAtOnce extends EchoPeer {
  #opcode = 0;

  override isTooMuch(): boolean {
    return false;
  }

  override frameBegins(header: Header): void {
    super.frameBegins(header);
    if (header.opcode === 1 || header.opcode === 2) this.#opcode = header.opcode;
  }

  override pieceArrives(piece: Buffer): void {
    super.pieceArrives(piece);
    if (this.message?.isCompressed !== false || this.state !== 'open') return;
    this.message.parts = [];
    this.#sendOn(piece, false);
  }

  override echo(payload: Buffer, isBinary: boolean): void {
    if (payload.length > 0) super.echo(payload, isBinary);
    else this.#sendOn(payload, true);
  }

  #sendOn(piece: Buffer, fin: boolean): void {
    this.send(this.#opcode, piece, 0, fin);
    this.#opcode = 0;
  }
}

/** The correct peers by name. */
export const SOUND_PEERS: Readonly<Record<string, PeerClass>> = {
  plain: EchoPeer,
  'without a word': WithoutAWord,
  'in fragments': InFragments,
  pings: Pings,
  slow: Slow,
  'empty closes': EmptyCloses,
  'octet by octet': OctetByOctet,
  'sends back at once': SendsBackAtOnce,
  'never compresses': NeverCompresses,
};
