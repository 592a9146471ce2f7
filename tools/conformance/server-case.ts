/**
 * One case with the fuzzer as server: the client has asked for it, its handshake has been read.
 */
import { CaseRun } from './case-run.ts';
import { REAL_CLOCK } from './clock.ts';
import { noCloseFacts } from './close-facts.ts';
import {
  type AcceptedCompression,
  answerCompression,
  OpeningError,
} from './compression-agreement.ts';
import { MessageDeflate } from './message-deflate.ts';
import { type AskedOpening, buildRefusal, buildResponse } from './opening.ts';
import type { Transport } from './peer-parts.ts';
import { type CaseResult, makeResult } from './result.ts';
import type { NumberedCase } from './url-protocol.ts';
import { failedOpening, judge, type Verdict } from './verdict.ts';
import { WireLog } from './wire-log.ts';

/** Milliseconds that a client has to turn away from a response it must refuse. */
const REFUSAL_MS = 1000;

/** What a case as server needs. */
export interface ServerCaseParts extends NumberedCase {
  readonly agent: string;
  readonly asked: Extract<AskedOpening, { ok: true }>;
  readonly transport: Transport;
  readonly onResult: (result: CaseResult) => void;
}

/** A case that is being run; whoever owns the socket feeds it. */
export class ServerCase {
  readonly #parts: ServerCaseParts;
  readonly #log: WireLog;
  readonly #started = new Date();
  readonly #startedAt = REAL_CLOCK.now();
  #httpResponse = '';
  #run: CaseRun | undefined;
  /** Octets that came although the response was to be refused. */
  #strayOctets = 0;
  #isDone = false;

  constructor(parts: ServerCaseParts) {
    this.#parts = parts;
    this.#log = new WireLog(REAL_CLOCK.now, parts.entry.case.isHeavy === true);
    const { httpRequest, rest } = parts.asked;
    this.#log.octets(false, Buffer.from(httpRequest, 'latin1'));
    this.#answer();
    if (rest.length > 0) this.receive(rest);
  }

  /** Takes what has come. */
  receive(bytes: Buffer): void {
    if (this.#run !== undefined) this.#run.peer.receive(bytes);
    else {
      this.#log.octets(false, bytes);
      this.#strayOctets += bytes.length;
    }
  }

  /** TCP is gone. */
  gone(reason: string | undefined): void {
    if (this.#run !== undefined) this.#run.peer.receiveEnd(reason);
    else this.#judgeOpening(true);
  }

  /** The suite ends. */
  interrupt(): void {
    this.#finish(failedOpening(this.#parts.entry.case, 'Interrupted before its end.'));
  }

  #answer(): void {
    const { asked, transport, entry } = this.#parts;
    const { case: theCase } = entry;
    let accepted: AcceptedCompression | undefined;
    try {
      accepted = answerCompression(asked.offers, theCase.compression);
    } catch (error) {
      if (!(error instanceof OpeningError)) throw error;
      this.#send(buildRefusal(400, error.message));
      transport.end();
      this.#finish(failedOpening(theCase, error.message));
      return;
    }
    const response = buildResponse(asked.accept, accepted?.response);
    const edit = theCase.opening?.response?.edit;
    if (edit === undefined) this.#open(accepted, response);
    else {
      this.#send(edit(response));
      REAL_CLOCK.after(REFUSAL_MS, () => this.#judgeOpening(false));
    }
  }

  #send(head: string): void {
    this.#parts.transport.write(this.#keep(head), false);
  }

  #keep(head: string): Buffer {
    this.#httpResponse = head;
    const bytes = Buffer.from(head, 'latin1');
    this.#log.octets(true, bytes);
    return bytes;
  }

  #open(accepted: AcceptedCompression | undefined, response: string): void {
    const { entry } = this.#parts;
    let { transport } = this.#parts;
    if (entry.case.opening?.isJoined === true) {
      transport = joinFirst(this.#keep(response), transport);
    } else this.#send(response);
    const run = new CaseRun(
      entry.case,
      {
        role: 'server',
        clock: REAL_CLOCK,
        log: this.#log,
        transport,
        nextMaskingKey: () => 0,
        deflate:
          accepted && new MessageDeflate('server', accepted.agreed, entry.case.compression?.series),
      },
      () => this.#finish(judge(entry.case, 'server', run.events, run.decision, run.peer.facts)),
    );
    this.#run = run;
    run.open();
  }

  /** A client that refuses the response drops TCP and sends no frame. */
  #judgeOpening(hasGone: boolean): void {
    if (this.#isDone) return;
    const isRight = hasGone && this.#strayOctets === 0;
    const wrong = hasGone ? `sent ${this.#strayOctets} octets` : 'has kept the connection';
    this.#finish({
      behavior: isRight ? 'OK' : 'FAILED',
      behaviorClose: 'OK',
      result: isRight ? 'The client refused the response.' : `The client ${wrong}.`,
      resultClose: 'The handshake is what was tested.',
    });
    this.#parts.transport.abort();
  }

  #finish(verdict: Verdict): void {
    if (this.#isDone) return;
    this.#isDone = true;
    const { agent, entry, number, asked, onResult } = this.#parts;
    const run = this.#run;
    onResult(
      makeResult({
        ...{ agent, entry, number, verdict },
        role: 'server',
        started: this.#started,
        duration: REAL_CLOCK.now() - this.#startedAt,
        events: run?.events ?? [],
        facts: run?.peer.facts ?? noCloseFacts(),
        httpRequest: asked.httpRequest,
        httpResponse: this.#httpResponse,
        peer: run?.peer,
        log: this.#log,
      }),
    );
  }
}

/** A transport that writes `head` in front of whatever is written first, in one write. */
function joinFirst(head: Buffer, transport: Transport): Transport {
  let held: Buffer | undefined = head;
  return {
    write(bytes, sync) {
      transport.write(held === undefined ? bytes : Buffer.concat([held, bytes]), sync);
      held = undefined;
    },
    whenTaken: (run) => transport.whenTaken(run),
    setReading: (isReading) => transport.setReading(isReading),
    end: () => transport.end(),
    abort: () => transport.abort(),
  };
}
