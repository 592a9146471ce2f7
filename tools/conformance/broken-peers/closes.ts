/**
 * Peers that end a conversation wrongly [RFC 6455 §5.5.1, §7].
 */
import { type BrokenPeer, broken } from './broken-peer.ts';
import { EchoPeer } from './echo-peer.ts';
import type { Header } from './frame-end.ts';

class NeverAnswersClose extends EchoPeer {
  override closeArrives(): void {
    this.state = 'done';
  }
}

class HangsUpOnClose extends EchoPeer {
  override closeArrives(): void {
    this.state = 'done';
    this.link.end();
  }
}

class NeverHangsUp extends EchoPeer {
  override hangUp(): void {
    this.state = 'done';
  }
}

class AnswersWith1001 extends EchoPeer {
  override answerClose(): void {
    this.sendClose(1001);
  }
}

class AnswersWith1005 extends EchoPeer {
  override answerClose(): void {
    this.sendClose(1005);
  }
}

class EchoesAnyCode extends EchoPeer {
  override isCloseCode(): boolean {
    return true;
  }
}

class AllIsWell extends EchoPeer {
  override judgeClose(): undefined {}
  override answerClose(): void {
    this.sendClose(1000);
  }
}

class NoPrivateCodes extends EchoPeer {
  override isCloseCode(code: number): boolean {
    return super.isCloseCode(code) && code < 3000;
  }
}

class FirstCodesOnly extends EchoPeer {
  override isCloseCode(code: number): boolean {
    return super.isCloseCode(code) && code !== 1010 && code !== 1011;
  }
}

class AllowsHalfACode extends EchoPeer {
  override judgeClose(payload: Buffer): number | undefined {
    return payload.length === 1 ? undefined : super.judgeClose(payload);
  }

  override answerClose(payload: Buffer): void {
    super.answerClose(payload.length === 1 ? Buffer.from([0x03, 0xe8]) : payload);
  }
}

class NeverChecksReasons extends EchoPeer {
  override isReason(): boolean {
    return true;
  }
}

class RefusesReasons extends EchoPeer {
  override isReason(reason: Buffer): boolean {
    return reason.length === 0;
  }
}

class RefusesEmptyCloses extends EchoPeer {
  override judgeClose(payload: Buffer): number | undefined {
    return payload.length === 0 ? 1002 : super.judgeClose(payload);
  }
}

/** Takes its time to answer the close frame, and goes on meanwhile as if nothing had been. */
class GoesOnAfterClose extends EchoPeer {
  hasClose = false;

  override closeArrives(payload: Buffer): void {
    if (this.judgeClose(payload) !== undefined || this.state === 'closing') {
      super.closeArrives(payload);
    } else if (!this.hasClose) {
      this.hasClose = true;
      this.link.later(10, () => super.closeArrives(payload));
    }
  }
}

class PongsAfterClose extends GoesOnAfterClose {
  override echo(payload: Buffer, isBinary: boolean): void {
    if (!this.hasClose) super.echo(payload, isBinary);
  }
}

class FinishesMessagesFirst extends EchoPeer {
  #close: Buffer | undefined;

  override closeArrives(payload: Buffer): void {
    if (this.message === undefined) super.closeArrives(payload);
    else this.#close = payload;
  }

  override frameEnds(header: Header): void {
    super.frameEnds(header);
    const close = this.#close;
    if (close === undefined || this.message !== undefined) return;
    this.#close = undefined;
    super.closeArrives(close);
  }
}

class ClosesAfterOne extends EchoPeer {
  override echo(payload: Buffer, isBinary: boolean): void {
    super.echo(payload, isBinary);
    this.sendClose(1000);
    this.state = 'closing';
  }
}

class ClosesBeforeEcho extends EchoPeer {
  override messageArrives(): void {
    this.fail(1000);
  }
}

class ClosesAtOnce extends EchoPeer {
  #isFirst = true;

  override receive(bytes: Buffer): void {
    if (this.#isFirst) this.fail(1000);
    this.#isFirst = false;
    super.receive(bytes);
  }
}

class ResetsAtOnce extends EchoPeer {
  override receive(): void {
    this.state = 'done';
    this.link.end();
  }
}

class EchoesAfterItsClose extends EchoPeer {
  override answerClose(payload: Buffer): void {
    super.answerClose(payload);
    this.send(1, Buffer.from('one more thing'));
  }
}

class LongReasons extends EchoPeer {
  override answerClose(): void {
    this.send(8, Buffer.concat([Buffer.from([0x03, 0xe8]), Buffer.alloc(124, 'a')]));
  }
}

/** The peers of this file. */
export const BROKEN_CLOSES: readonly BrokenPeer[] = [
  broken(
    'never-answers-close',
    'Does not answer close frames.',
    NeverAnswersClose,
    '@clean 7.3.2 7.5.1 7.9.*',
    { redAsClient: '@clean' },
  ),
  broken('hangs-up-on-close', 'Drops TCP when a close frame comes.', HangsUpOnClose, '@clean'),
  broken(
    'never-hangs-up',
    'As server, never drops TCP.',
    NeverHangsUp,
    '@1002 @1007 @clean @code 7.5.1',
    { roles: ['server'] },
  ),
  broken('answers-1001', 'Answers every close frame with 1001.', AnswersWith1001, '@clean -7.7.2'),
  broken('answers-1005', 'Answers with a code that is never sent.', AnswersWith1005, '@clean'),
  broken('echoes-any-code', 'Echoes codes that mean nothing.', EchoesAnyCode, '7.9.*'),
  broken(
    'all-is-well',
    'Answers every close frame, good or bad, with 1000.',
    AllIsWell,
    '7.3.2 7.5.1 7.9.*',
  ),
  broken(
    'no-private-codes',
    'Refuses codes from 3000 on.',
    NoPrivateCodes,
    '7.7.10 7.7.11 7.7.12 7.7.13',
  ),
  broken('first-codes-only', 'Refuses 1010 and 1011.', FirstCodesOnly, '7.7.8 7.7.9'),
  broken('half-a-code', 'Allows a close frame of one octet.', AllowsHalfACode, '7.3.2'),
  broken('any-reason', 'Does not check reasons for UTF-8.', NeverChecksReasons, '7.5.1'),
  broken('no-reasons', 'Refuses close frames with a reason.', RefusesReasons, '7.3.4 7.3.5'),
  broken('no-empty-closes', 'Refuses empty close frames.', RefusesEmptyCloses, '7.3.1'),
  broken(
    'goes-on-after-close',
    'Goes on after the close frame.',
    GoesOnAfterClose,
    '7.1.3 7.1.4 7.1.5',
  ),
  broken('pongs-after-close', 'Answers pings after the close frame.', PongsAfterClose, '7.1.3'),
  broken(
    'finishes-first',
    'Lets an unfinished message end before it closes.',
    FinishesMessagesFirst,
    '7.1.5',
  ),
  broken('closes-after-one', 'Closes after the first message.', ClosesAfterOne, '@first'),
  broken('closes-before-echo', 'Closes when a message comes.', ClosesBeforeEcho, '@echo @first'),
  broken(
    'closes-at-once',
    'Closes when anything comes.',
    ClosesAtOnce,
    '@echo @pong @1002 @1007 @code 7.5.1',
  ),
  broken('resets-at-once', 'Drops TCP when anything comes.', ResetsAtOnce, '@clean 6.4.*', {
    pale: '@first',
  }),
  broken(
    'talks-after-close',
    'Sends a message after its close frame.',
    EchoesAfterItsClose,
    '@clean',
    { roles: ['server'] },
  ),
  broken('long-reasons', 'Answers with a close frame of 126 octets.', LongReasons, '@clean'),
];
