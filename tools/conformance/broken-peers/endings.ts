/**
 * Peers that end late, or with something that nobody may send [RFC 6455 §5.2, §7.1, §7.4].
 */
import { type BrokenPeer, broken } from './broken-peer.ts';
import { EchoPeer } from './echo-peer.ts';

/** Longer than the fuzzer waits for a close frame, or for TCP to go. */
const TOO_LATE_MS = 1500;

class AnswersCloseLate extends EchoPeer {
  override closeArrives(payload: Buffer): void {
    if (this.judgeClose(payload) !== undefined) super.closeArrives(payload);
    else this.link.later(TOO_LATE_MS, () => super.closeArrives(payload));
  }
}

class HangsUpLate extends EchoPeer {
  override hangUp(): void {
    this.state = 'done';
    this.link.later(TOO_LATE_MS, () => this.link.end());
  }
}

class FailsWith1005 extends EchoPeer {
  override fail(): void {
    super.fail(1005);
  }
}

class FailsWithHalfACode extends EchoPeer {
  override sendClose(): void {
    this.send(8, Buffer.from([0x03]));
  }
}

class MarksAPong extends EchoPeer {
  override echo(payload: Buffer, isBinary: boolean): void {
    super.echo(payload, isBinary);
    this.send(10, Buffer.alloc(0), 2);
  }
}

/** The peers of this file. */
export const BROKEN_ENDINGS: readonly BrokenPeer[] = [
  broken(
    'answers-close-late',
    'Takes one and a half seconds to answer a close frame.',
    AnswersCloseLate,
    '@clean',
  ),
  broken(
    'hangs-up-late',
    'As server, drops TCP one and a half seconds after the close frames.',
    HangsUpLate,
    '@1002 @1007 @clean @code 7.5.1',
    { roles: ['server'] },
  ),
  broken(
    'fails-with-1005',
    'Fails the connection with a code that is never sent.',
    FailsWith1005,
    '@1002 @1007 @code 7.5.1',
  ),
  broken(
    'fails-with-one-octet',
    'Fails the connection with a close frame of one octet.',
    FailsWithHalfACode,
    '@1002 @1007 @code 7.5.1',
    // As client it could not have dropped TCP anyway.
    { redAsClient: '@1002 @1007' },
  ),
  broken('marks-a-pong', 'Sends a pong with RSV2 behind each message.', MarksAPong, '@echo @first'),
];
