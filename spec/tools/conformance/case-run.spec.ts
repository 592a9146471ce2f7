import { isUtf8 } from 'node:buffer';
import t from 'tap';
import { EchoPeer } from '../../../tools/conformance/broken-peers/echo-peer.ts';
import { simulate } from '../../../tools/conformance/broken-peers/simulate.ts';
import { VirtualClock } from '../../../tools/conformance/broken-peers/virtual-clock.ts';
import { CaseRun } from '../../../tools/conformance/case-run.ts';
import { unreadPings } from '../../../tools/conformance/cases/beyond/b3-unread.ts';
import { WireLog } from '../../../tools/conformance/wire-log.ts';
import { findCase } from './capture.ts';

/** Closes in time, and leaves TCP open. */
class LingersAfterItsClose extends EchoPeer {
  override fail(code: number): void {
    this.sendClose(code);
    this.state = 'done';
  }
}

/** Looks at a text when it is complete. */
class ChecksLate extends EchoPeer {
  override isTextSoFar(): boolean {
    return true;
  }
  override isTextComplete(payload: Buffer): boolean {
    return isUtf8(payload);
  }
}

t.test('a wait ends when close frames were exchanged, however long TCP stays', async (t) => {
  for (const id of ['6.4.1', '6.4.2', '6.4.3', '6.4.4']) {
    const lingering = await simulate(findCase(id), 'client', LingersAfterItsClose);
    t.match(lingering, { behavior: 'OK', behaviorClose: 'FAILED BY CLIENT' }, id);
    const late = await simulate(findCase(id), 'client', ChecksLate);
    t.equal(late.behavior, 'NON-STRICT', `${id}: not strict is only who looks late`);
  }
});

t.test('a message refers to none before it when each is to begin afresh', (t) => {
  for (const id of ['b5.1.7', 'b5.2.2', 'b5.1.1']) {
    for (const sendsWithContext of [true, false]) {
      const clock = new VirtualClock();
      const nothing = (): void => {};
      const run = new CaseRun(
        findCase(id).case,
        {
          ...{ role: 'client', clock, log: new WireLog(() => 0, false), nextMaskingKey: () => 1 },
          transport: {
            write: nothing,
            whenTaken: nothing,
            setReading: nothing,
            end: nothing,
            abort: nothing,
          },
          deflate: { sendsWithContext, deflate: nothing, inflate: nothing, close: nothing },
        },
        nothing,
      );
      run.open();
      const isLeft = !sendsWithContext && id !== 'b5.1.1';
      t.equal(run.decision?.behavior, isLeft ? 'UNIMPLEMENTED' : undefined, id);
      t.equal(run.peer.isOpen, !isLeft);
    }
  }
  t.end();
});

t.test('an acting case is UNIMPLEMENTED, and closed normally, without the extension', async (t) => {
  const { compression, ...rest } = findCase('12.1.1').case;
  t.ok(compression !== undefined);
  const declined = { ...findCase('12.1.1'), case: rest };
  for (const role of ['client', 'server'] as const) {
    const verdict = await simulate(declined, role, EchoPeer);
    t.match(verdict, { behavior: 'UNIMPLEMENTED', behaviorClose: 'OK' }, role);
  }
});

/** Begins a message when something comes, and sends 20 MiB of it. */
class SendsAndSends extends EchoPeer {
  override receive(): void {
    this.send(2, Buffer.alloc(0), 0, false);
    for (let mib = 0; mib < 20; mib += 1) this.send(0, Buffer.alloc(2 ** 20), 0, false);
  }
}

/** Has a great many words for everything. */
class ChattersAndChatters extends EchoPeer {
  override receive(): void {
    for (let count = 0; count < 5000; count += 1) this.send(1, Buffer.alloc(0));
  }
}

/** Asks again and again whether anybody is there. */
class PingsAndPings extends EchoPeer {
  override receive(): void {
    for (let count = 0; count < 100_001; count += 1) this.send(9, Buffer.alloc(0));
  }
}

t.test('a testee that sends without end is given up, and fails whatever was asked', async (t) => {
  for (const id of ['1.1.1', '2.5', '7.9.1', 'b2.1.1']) {
    for (const role of ['client', 'server'] as const) {
      const flood = await simulate(findCase(id), role, SendsAndSends);
      t.equal(flood.behavior, 'FAILED', `${id}, fuzzer as ${role}`);
      t.match(flood.result, /more than 16 MiB/, 'and it is said');
      const chatter = await simulate(findCase(id), role, ChattersAndChatters);
      t.match(chatter, { behavior: 'FAILED', result: /more than 1000 messages and pongs/ });
    }
  }
  const pings = await simulate(findCase('1.1.1'), 'client', PingsAndPings);
  t.match(pings, { behavior: 'FAILED', result: /more than 100000 pings/ });
});

/** Answers as long as somebody reads, in the only way it can know: it counts. */
class AnswersAFew extends EchoPeer {
  pongs = 0;

  override pingArrives(payload: Buffer): void {
    this.pongs += 1;
    if (this.pongs < 1000) super.pingArrives(payload);
    else this.isTooMany();
  }

  isTooMany(): void {}
}

class WaitsUntilTheyAreRead extends AnswersAFew {
  override isTooMany(): void {
    this.isReading = false;
  }
}

class RefusesTheFlood extends AnswersAFew {
  override isTooMany(): void {
    this.fail(1008);
    this.link.end();
  }
}

t.test('who keeps all answers to pings for somebody who does not read is seen', async (t) => {
  const entry = { ...findCase('b3.1.3'), case: unreadPings(2) };
  for (const role of ['client', 'server'] as const) {
    const verdicts = new Map<unknown, string>();
    for (const Peer of [EchoPeer, AnswersAFew, WaitsUntilTheyAreRead, RefusesTheFlood]) {
      const { behavior, result } = await simulate(entry, role, Peer);
      verdicts.set(Peer, `${behavior}: ${result}`);
    }
    t.match(verdicts.get(EchoPeer), /^FAILED: The testee kept \d MiB/);
    t.match(verdicts.get(AnswersAFew), /^OK: Of the answers 0 MiB/);
    t.match(verdicts.get(WaitsUntilTheyAreRead), /^OK: After \d MiB the testee waited/);
    t.match(verdicts.get(RefusesTheFlood), /^OK: The testee (dropped|refused)/);
  }
});
