/**
 * Peers that handle pings and pongs wrongly [RFC 6455 §5.5.2, §5.5.3].
 */
import { isUtf8 } from 'node:buffer';
import { type BrokenPeer, broken } from './broken-peer.ts';
import { EchoPeer } from './echo-peer.ts';
import type { Header } from './frame-end.ts';

class NoPong extends EchoPeer {
  override pingArrives(): void {}
}

class EmptyPong extends EchoPeer {
  override pingArrives(): void {
    super.pingArrives(Buffer.alloc(0));
  }
}

class ShortPong extends EchoPeer {
  override pingArrives(payload: Buffer): void {
    super.pingArrives(payload.subarray(0, 124));
  }
}

class TextPong extends EchoPeer {
  override pingArrives(payload: Buffer): void {
    if (isUtf8(payload)) super.pingArrives(payload);
    else this.fail(1007);
  }
}

class PongsTwice extends EchoPeer {
  override pingArrives(payload: Buffer): void {
    super.pingArrives(payload);
    super.pingArrives(payload);
  }
}

class AnswersPongs extends EchoPeer {
  override pongArrives(payload: Buffer): void {
    super.pingArrives(payload);
  }
}

class RefusesPongs extends EchoPeer {
  override pongArrives(): void {
    this.fail(1002);
  }
}

class PingsBack extends EchoPeer {
  override pingArrives(payload: Buffer): void {
    this.send(9, payload);
  }
}

class EchoesPings extends EchoPeer {
  override pingArrives(payload: Buffer): void {
    this.echo(payload, true);
  }
}

class PongsTheFirst extends EchoPeer {
  #first: Buffer | undefined;

  override pingArrives(payload: Buffer): void {
    this.#first ??= Buffer.from(payload);
    super.pingArrives(this.#first);
  }
}

class AnswersTheLastPing extends EchoPeer {
  #last: Buffer | undefined;

  override pingArrives(payload: Buffer): void {
    if (this.#last === undefined) {
      this.link.later(50, () => {
        super.pingArrives(this.#last!);
        this.#last = undefined;
      });
    }
    this.#last = payload;
  }
}

class PingEndsMessage extends EchoPeer {
  override pingArrives(payload: Buffer): void {
    super.pingArrives(payload);
    if (this.message !== undefined) this.message.parts = [];
  }
}

class PongsAfterTheMessage extends EchoPeer {
  #waiting: Buffer[] = [];

  override pingArrives(payload: Buffer): void {
    if (this.message === undefined) super.pingArrives(payload);
    else this.#waiting.push(payload);
  }

  override frameEnds(header: Header): void {
    super.frameEnds(header);
    if (!header.fin) return;
    for (const payload of this.#waiting.splice(0)) super.pingArrives(payload);
  }
}

/** The peers of this file. */
export const BROKEN_PINGS: readonly BrokenPeer[] = [
  broken('no-pong', 'Never answers a ping.', NoPong, '@pong'),
  broken('empty-pong', 'Answers with an empty pong.', EmptyPong, '@pong -2.1'),
  broken('short-pong', 'Cuts the payload of its pongs at 124 octets.', ShortPong, '2.4 2.6'),
  broken('text-pong', 'Checks the payload of pings for UTF-8.', TextPong, '2.3 2.4 2.6'),
  broken('pongs-twice', 'Answers each ping twice.', PongsTwice, '@pong'),
  broken(
    'pongs-the-first',
    'Answers every ping with the payload of the first.',
    PongsTheFirst,
    '2.10 2.11 5.19 5.20',
  ),
  broken('answers-pongs', 'Answers a pong with a pong.', AnswersPongs, '2.7 2.8 2.9'),
  broken(
    'refuses-pongs',
    'Fails the connection when a pong comes unasked.',
    RefusesPongs,
    '2.7 2.8 2.9',
  ),
  broken('pings-back', 'Answers a ping with a ping.', PingsBack, '@pong'),
  broken('echoes-pings', 'Answers a ping with a message.', EchoesPings, '@pong'),
  broken(
    'last-ping-only',
    'Answers only the last of several pings, which the RFC allows.',
    AnswersTheLastPing,
    '2.10 2.11 5.6 5.7 5.8 5.19 5.20',
  ),
  broken(
    'ping-ends-message',
    'A ping in a message makes it forget what came before.',
    PingEndsMessage,
    '5.6 5.7 5.8 5.19 5.20',
  ),
  broken(
    'pongs-late',
    'Answers pings only when the message is complete.',
    PongsAfterTheMessage,
    '5.6 5.7 5.8 5.19 5.20',
  ),
];
