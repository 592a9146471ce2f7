import { isUtf8 } from 'node:buffer';
import t from 'tap';
import { EchoPeer } from '../../../tools/conformance/broken-peers/echo-peer.ts';
import { simulate } from '../../../tools/conformance/broken-peers/simulate.ts';
import { VirtualClock } from '../../../tools/conformance/broken-peers/virtual-clock.ts';
import { CaseRun } from '../../../tools/conformance/case-run.ts';
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
          transport: { write: nothing, whenTaken: nothing, end: nothing, abort: nothing },
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
