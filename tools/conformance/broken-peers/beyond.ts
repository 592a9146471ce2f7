/**
 * Peers with flaws that the original does not see, and the cases of our own must.
 *
 * Their lists of red cases are about our own cases only.
 */
import { isUtf8 } from 'node:buffer';
import { type BrokenPeer, broken } from './broken-peer.ts';
import { EchoPeer, MAX_MESSAGE_BYTES } from './echo-peer.ts';
import type { Header } from './frame-end.ts';
import type { PeerClass } from './simulate.ts';

class AnyLengthForm extends EchoPeer {
  override judgeLength(header: Header): number | undefined {
    const { opcode, length } = header;
    if (opcode >= 8 && length > 125) return 1002;
    return Number.isSafeInteger(length) ? undefined : 1002;
  }
}

class BelievesAnyLength extends EchoPeer {
  override judgeLength(header: Header): number | undefined {
    return header.opcode < 8 && header.form === 64 ? undefined : super.judgeLength(header);
  }
}

class AnyMask extends EchoPeer {
  override judgeMask(): undefined {}
}

class RsvOfFirstFrames extends EchoPeer {
  override judgeRsv(header: Header): number | undefined {
    return header.opcode === 0 ? undefined : super.judgeRsv(header);
  }
}

class RsvOfDataOnly extends EchoPeer {
  override judgeRsv(header: Header): number | undefined {
    return header.opcode < 8 ? super.judgeRsv(header) : undefined;
  }
}

class Rsv1Anywhere extends EchoPeer {
  override judgeRsv(header: Header): number | undefined {
    return header.rsv === 4 && this.deflate ? undefined : super.judgeRsv(header);
  }
}

class EmptyAnswerToBadCloses extends EchoPeer {
  override closeArrives(payload: Buffer): void {
    if (this.state === 'open' && this.judgeClose(payload) !== undefined) {
      this.answerClose(Buffer.alloc(0));
      this.hangUp();
    } else super.closeArrives(payload);
  }
}

class CodesOfTheRfcOnly extends EchoPeer {
  override isCloseCode(code: number): boolean {
    return super.isCloseCode(code) && (code < 1012 || code > 1014);
  }
}

class ChecksLate extends EchoPeer {
  override isTextSoFar(): boolean {
    return true;
  }
  override isTextComplete(payload: Buffer): boolean {
    return isUtf8(payload);
  }
}

class InflatesEverything extends EchoPeer {
  override frameBegins(header: Header): void {
    super.frameBegins(this.deflate && header.opcode > 0 ? { ...header, rsv: 4 } : header);
  }
}

/** Takes a final block for the end of all messages. */
class EndsWithTheFinalBlock extends EchoPeer {
  #hasEnded = false;

  override inflate(payload: Buffer): Buffer {
    if (this.#hasEnded) throw new Error('the stream has ended');
    this.#hasEnded = (payload[0]! & 1) === 1;
    return super.inflate(payload);
  }
}

class KeepsPlainTextInItsWindow extends EchoPeer {
  override messageArrives(payload: Buffer, isBinary: boolean): void {
    const window = this.deflate?.in.window;
    if (window !== undefined && !window.subarray(-payload.length).equals(payload)) {
      this.deflate!.in.window = Buffer.concat([window, payload]);
    }
    super.messageArrives(payload, isBinary);
  }
}

class SwallowsBadData extends EchoPeer {
  override inflate(payload: Buffer): Buffer {
    try {
      return super.inflate(payload);
    } catch {
      return Buffer.alloc(0);
    }
  }
}

class HasNoLimit extends EchoPeer {
  override isTooMuch(): boolean {
    return false;
  }
}

class LimitsFrames extends EchoPeer {
  override frameBegins(header: Header): void {
    super.frameBegins(header);
    if (header.opcode < 8 && this.message !== undefined) this.message.octets = 0;
  }
}

class MeasuresWholeFrames extends HasNoLimit {
  override frameEnds(header: Header): void {
    if ((this.message?.octets ?? 0) > MAX_MESSAGE_BYTES) this.fail(1009);
    else super.frameEnds(header);
  }
}

class TooMuchIsAnError extends EchoPeer {
  override fail(code: number): void {
    super.fail(code === 1009 ? 1011 : code);
  }
}

class StopsReading extends EchoPeer {
  override fail(code: number): void {
    if (code === 1009) this.isReading = false;
    else super.fail(code);
  }
}

/** A flaw that a message without an end shows, and nothing else. */
const endless = (name: string, flaw: string, Peer: PeerClass, red: string, pale = ''): BrokenPeer =>
  broken(name, flaw, Peer, red, { pale, heavy: 'b2.4.*' });

/** The peers of this file. */
export const BROKEN_BEYOND: readonly BrokenPeer[] = [
  broken('any-length-form', 'Reads a length in any of its forms.', AnyLengthForm, 'b1.1.*'),
  broken(
    'believes-any-length',
    'Waits for whatever was announced in 64 bits.',
    BelievesAnyLength,
    'b1.1.2 b1.1.4 b1.1.5 b1.2.1 b1.2.2 b1.2.3 b1.2.4',
  ),
  broken('any-mask', 'Takes frames masked or not.', AnyMask, 'b1.3.1 b1.3.2 b1.3.3'),
  broken(
    'rsv-of-first-frames',
    'Forgets the reserved bits of continuations.',
    RsvOfFirstFrames,
    'b2.1.1 b2.1.2 b2.1.3 b5.3.1 b5.3.2',
  ),
  broken(
    'rsv-of-data-only',
    'Forgets the reserved bits of control frames.',
    RsvOfDataOnly,
    'b2.1.4 b2.1.5 b5.3.3 b5.3.4',
  ),
  broken(
    'rsv1-anywhere',
    'Allows RSV1 on every frame once there is compression.',
    Rsv1Anywhere,
    'b5.3.1 b5.3.2 b5.3.3 b5.3.4',
  ),
  broken(
    'bad-closes-are-well',
    'Answers a bad close frame with an empty one.',
    EmptyAnswerToBadCloses,
    'b3.3.1 b3.3.2 b3.3.3 b3.3.4 b3.3.5',
  ),
  broken(
    'codes-of-the-rfc-only',
    'Refuses codes that were registered after the RFC.',
    CodesOfTheRfcOnly,
    'b3.3.6 b3.3.7 b3.3.8',
  ),
  broken('checks-late', 'Checks text when the message is complete.', ChecksLate, '', {
    pale: 'b4.1.*',
  }),
  broken(
    'inflates-everything',
    'Inflates every message once there is compression.',
    InflatesEverything,
    'b5.2.1 b5.2.2',
  ),
  broken(
    'ends-with-the-final-block',
    'Inflates nothing more after a block marked as final.',
    EndsWithTheFinalBlock,
    'b5.1.5',
  ),
  broken(
    'plain-text-in-window',
    'Keeps messages that were not compressed in the window of its inflater.',
    KeepsPlainTextInItsWindow,
    'b5.2.2',
  ),
  broken(
    'swallows-bad-data',
    'Takes what cannot be inflated for nothing.',
    SwallowsBadData,
    'b5.4.1 b5.4.2 b5.4.3',
  ),
  endless('has-no-limit', 'Takes a message of any size.', HasNoLimit, 'b2.4.*'),
  endless('limits-frames', 'Has a limit on frames, and none on messages.', LimitsFrames, 'b2.4.1'),
  endless(
    'measures-whole-frames',
    'Looks at the size of a message when a frame is complete.',
    MeasuresWholeFrames,
    'b2.4.2',
  ),
  endless(
    'too-much-is-an-error',
    'Refuses what is too large with 1011.',
    TooMuchIsAnError,
    'b2.4.*',
  ),
  endless('stops-reading', 'Reads no further than its limit.', StopsReading, '', 'b2.4.*'),
];
