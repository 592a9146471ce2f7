/**
 * One case on one connection: plays the script, records what happens, closes when all has been
 * seen.
 *
 * After every event: when the list so far equals every expected list, there is nothing to wait for,
 * and the fuzzer closes with 1000. Otherwise one of the script's timers ends the case.
 */
import type { Clock, Timer } from './clock.ts';
import { FuzzerPeer } from './fuzzer-peer.ts';
import type { Acting, Case, RecordedEvent, Stage, Step } from './model.ts';
import type { PeerParts } from './peer-parts.ts';
import { expand, fragment, NORMAL_CLOSE } from './script.ts';
import { type Decision, equalEvents } from './verdict.ts';
import { sumOfSizes, type WireLog } from './wire-log.ts';

/** One run of a case. */
export class CaseRun implements Stage {
  readonly events: RecordedEvent[] = [];
  readonly peer: FuzzerPeer;
  decision: Decision | undefined;
  readonly #case: Case;
  readonly #clock: Clock;
  readonly #log: WireLog;
  readonly #onGone: () => void;
  readonly #acting: Acting | undefined;
  readonly #timers = new Set<Timer>();

  /** @param onGone called once when TCP is gone: the time to judge. */
  constructor(theCase: Case, parts: Omit<PeerParts, 'listener'>, onGone: () => void) {
    this.#case = theCase;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#onGone = onGone;
    this.peer = new FuzzerPeer({
      ...parts,
      listener: {
        message: (payload, isBinary) => this.#message(payload, isBinary),
        pong: (payload) => this.#pong(payload),
        gone: () => this.#gone(),
      },
    });
    this.#acting = theCase.act?.(this);
  }

  get isCompressed(): boolean {
    return this.peer.isCompressed;
  }

  get octetsReceived(): number {
    return sumOfSizes(this.#log.rxOctets);
  }

  /** The connection is open: begins. */
  open(): void {
    const { compression, needsContext, script } = this.#case;
    if (this.#acting !== undefined) this.#acting.open();
    else if (compression !== undefined && !this.isCompressed) {
      this.#leave('permessage-deflate was not negotiated.');
    } else if (needsContext === true && !this.peer.sendsWithContext) {
      this.#leave('No context takeover was negotiated: a message may not refer to another.');
    } else this.play(script);
    this.peer.flush();
  }

  play(steps: readonly Step[]): void {
    for (const [index, step] of steps.entries()) {
      if (!this.peer.isAlive) return;
      if (step.do === 'wait') {
        this.#wait(step.seconds, step.tag, steps.slice(index + 1));
        return;
      }
      this.#playOne(step);
    }
  }

  sendMessage(payload: Buffer, isBinary: boolean, fragmentBytes: number): void {
    const { sent } = this.peer;
    sent.messages += 1;
    sent.app += payload.length;
    if (!this.peer.isCompressed) {
      this.#sendCut(payload, isBinary, fragmentBytes, 0);
      return;
    }
    this.peer.deflate(payload, (compressed) => {
      this.#sendCut(compressed, isBinary, fragmentBytes, 4);
      this.peer.flush();
    });
  }

  whenTaken(run: () => void): void {
    this.peer.whenTaken(() => {
      run();
      this.peer.flush();
    });
  }

  after(seconds: number, run: () => void): void {
    this.#schedule(seconds, run);
  }

  close(): void {
    this.peer.sendClose(NORMAL_CLOSE);
  }

  decide(behavior: Decision['behavior'], because: string): void {
    this.decision = { behavior, because };
  }

  /** There is nothing to test. */
  #leave(because: string): void {
    this.decide('UNIMPLEMENTED', because);
    this.close();
  }

  #sendCut(bytes: Buffer, isBinary: boolean, fragmentBytes: number, rsv: number): void {
    this.peer.sent.payload += bytes.length;
    const lengths = fragment(bytes.length, fragmentBytes);
    let at = 0;
    for (const [index, length] of lengths.entries()) {
      const pattern = bytes.subarray(at, at + length);
      this.peer.sendFrame({
        opcode: index > 0 ? 0 : isBinary ? 2 : 1,
        payload: { pattern, length },
        fin: index === lengths.length - 1,
        rsv: index > 0 ? 0 : rsv,
      });
      at += length;
    }
  }

  #playOne(step: Exclude<Step, { do: 'wait' }>): void {
    switch (step.do) {
      case 'frame':
        this.peer.sendFrame(step);
        break;
      case 'message':
        this.#playMessage(step);
        break;
      case 'frame-head':
        this.peer.sendFrameHead(step.opcode, step.fin, step.length, step.rsv ?? 0);
        break;
      case 'piece':
        this.peer.sendPiece(step.bytes);
        break;
      case 'octets':
        this.peer.sendOctets(step.bytes);
        break;
      case 'close':
        this.peer.sendClose(step.payload);
        break;
      case 'close-after':
        this.#after('close-after', step.seconds, () => this.peer.sendClose(Buffer.alloc(0)));
        break;
      case 'kill-after':
        this.#after('kill-after', step.seconds, () => this.peer.fail(1001, 'Going Away'));
        break;
    }
  }

  #playMessage(step: Extract<Step, { do: 'message' }>): void {
    const { opcode, payload, chop, fragmentBytes = 0 } = step;
    const lengths = fragment(payload.length, fragmentBytes, step.withoutEmptyEnd);
    if (lengths.length === 1) {
      this.peer.sendFrame({ opcode, payload, chop });
      return;
    }
    const bytes = expand(payload);
    let at = 0;
    for (const [index, length] of lengths.entries()) {
      const pattern = bytes.subarray(at, at + length);
      const fin = index === lengths.length - 1;
      const piece = { payload: { pattern, length }, fin, chop };
      this.peer.sendFrame({ ...piece, opcode: index === 0 ? opcode : 0 });
      at += length;
    }
  }

  #wait(seconds: number, tag: string | undefined, rest: readonly Step[]): void {
    this.peer.flush();
    this.#after(
      'wait',
      seconds,
      () => {
        // A testee that has closed in the meantime has acted in time, also when TCP lingers on.
        if (!this.peer.isOpen) return;
        if (tag !== undefined) this.#record({ kind: 'timeout', tag });
        this.play(rest);
      },
      tag,
    );
  }

  #after(
    name: 'wait' | 'close-after' | 'kill-after',
    seconds: number,
    run: () => void,
    tag?: string,
  ): void {
    this.#log.timer(name, seconds, tag);
    this.#schedule(seconds, () => {
      this.#log.timer(name, undefined, tag);
      run();
    });
  }

  #schedule(seconds: number, run: () => void): void {
    const timer = this.#clock.after(seconds * 1000, () => {
      this.#timers.delete(timer);
      if (!this.peer.isAlive) return;
      run();
      this.peer.flush();
    });
    this.#timers.add(timer);
  }

  #message(payload: Buffer, isBinary: boolean): void {
    if (this.#acting !== undefined) this.#acting.message(payload, isBinary);
    else this.#record({ kind: 'message', payload, isBinary });
  }

  #pong(payload: Buffer): void {
    if (this.#acting !== undefined) this.#acting.pong?.(payload);
    else this.#record({ kind: 'pong', payload });
  }

  #record(event: RecordedEvent): void {
    this.events.push(event);
    const { expected, close, autoClose = true } = this.#case;
    if (!autoClose || !close.closedByMe) return;
    const isMet = (list: readonly RecordedEvent[] | undefined): boolean =>
      list === undefined || equalEvents(this.events, list);
    if (isMet(expected.OK) && isMet(expected['NON-STRICT'])) this.close();
  }

  #gone(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#acting?.gone?.(this.peer.facts);
    this.#onGone();
  }
}
