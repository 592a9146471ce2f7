/**
 * One case on one connection: plays the script, records what happens, closes when all has been
 * seen.
 *
 * After every event: when the list so far equals every expected list, there is nothing to wait for,
 * and the fuzzer closes with 1000. Otherwise one of the script's timers ends the case.
 */
import type { Clock, Timer } from './clock.ts';
import { FuzzerPeer } from './fuzzer-peer.ts';
import { playMessage, sendCut } from './message-cuts.ts';
import type { Case, RecordedEvent, Step } from './model.ts';
import type { PeerParts } from './peer-parts.ts';
import { NORMAL_CLOSE } from './script.ts';
import type { Acting, Stage } from './stage.ts';
import { type Decision, equalEvents } from './verdict.ts';
import type { WireLog } from './wire-log.ts';

/**
 * What a testee may send. The largest echo of an ordinary case has a quarter of a MiB, and 256 of a
 * heavy one. A testee that sends without end must not cost us our memory and so everybody's report.
 */
const MOST_OCTETS = 16 * 2 ** 20;
const MOST_OCTETS_HEAVY = 512 * 2 ** 20;

/** Events of a case that does not act itself; ten are the most that any of them expects. */
const MOST_EVENTS = 1000;

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
  readonly #setReading: (isReading: boolean) => void;
  readonly #timers = new Set<Timer>();
  #isGivenUp = false;

  /** @param onGone called once when TCP is gone: the time to judge. */
  constructor(theCase: Case, parts: Omit<PeerParts, 'listener'>, onGone: () => void) {
    this.#case = theCase;
    this.#clock = parts.clock;
    this.#setReading = (isReading) => parts.transport.setReading(isReading);
    this.#log = parts.log;
    this.#onGone = onGone;
    const mostOctets = theCase.isHeavy === true ? MOST_OCTETS_HEAVY : MOST_OCTETS;
    this.peer = new FuzzerPeer({
      ...parts,
      mostOctets,
      listener: {
        message: (payload, isBinary) => this.#message(payload, isBinary),
        pong: (payload) => this.#pong(payload),
        flooded: (what) => this.#giveUp(what),
        gone: () => this.#gone(),
      },
    });
    this.#acting = theCase.act?.(this);
  }

  get isCompressed(): boolean {
    return this.peer.isCompressed;
  }

  get octetsReceived(): number {
    return this.peer.octetsReceived;
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
    // Nothing more is said after a close frame.
    if (!this.peer.isOpen) return;
    const { sent } = this.peer;
    sent.messages += 1;
    sent.app += payload.length;
    if (!this.peer.isCompressed) {
      sendCut(this.peer, payload, isBinary, fragmentBytes, 0);
      return;
    }
    this.peer.deflate(payload, (compressed) => {
      if (!this.peer.isOpen) return;
      sendCut(this.peer, compressed, isBinary, fragmentBytes, 4);
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

  setReading(isReading: boolean): void {
    this.#setReading(isReading);
  }

  close(): void {
    this.peer.sendClose(NORMAL_CLOSE);
  }

  decide(behavior: Decision['behavior'], because: string): void {
    if (!this.#isGivenUp) this.decision = { behavior, because };
  }

  #giveUp(what: string): void {
    const because = `The testee sent ${what}: the fuzzer gave it up.`;
    this.decide('FAILED', because);
    this.#isGivenUp = true;
    this.peer.giveUp(because);
  }

  /** There is nothing to test. */
  #leave(because: string): void {
    this.decide('UNIMPLEMENTED', because);
    this.close();
  }

  #playOne(step: Exclude<Step, { do: 'wait' }>): void {
    switch (step.do) {
      case 'frame':
        this.peer.sendFrame(step);
        break;
      case 'message':
        playMessage(this.peer, step);
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
    if (this.events.length > MOST_EVENTS) {
      this.#giveUp(`more than ${MOST_EVENTS} messages and pongs`);
      return;
    }
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
