/**
 * The suite against a peer in memory: two ends, a pipe that delivers later, and time that jumps.
 *
 * A case with a timer of a second takes no time, and the same peer always gets the same verdict.
 */
import { CaseRun } from '../case-run.ts';
import { endlessCases } from '../cases/beyond/b2-endless.ts';
import { BEYOND_CATALOGUE } from '../cases/beyond/index.ts';
import { CATALOGUE, type CatalogueEntry, matchIds } from '../cases/index.ts';
import { answerCompression, readCompressionResponse } from '../compression-agreement.ts';
import { type AgreedDeflate, type Deflating, MessageDeflate } from '../message-deflate.ts';
import type { Behavior, CloseBehavior, Role } from '../model.ts';
import { isFine } from '../result.ts';
import { judge } from '../verdict.ts';
import { WireLog } from '../wire-log.ts';
import { type EchoPeer, MAX_MESSAGE_BYTES } from './echo-peer.ts';
import type { PeerLink } from './frame-end.ts';
import { SyncDeflate } from './sync-deflate.ts';
import { VirtualClock } from './virtual-clock.ts';

/** How to make a peer. */
export type PeerClass = new (
  role: Role,
  link: PeerLink,
  deflate: SyncDeflate | undefined,
) => EchoPeer;

/** What a simulated case came to. */
export interface SimulatedVerdict {
  readonly behavior: Behavior;
  readonly behaviorClose: CloseBehavior;
  readonly result: string;
  readonly resultClose: string;
}

/**
 * Runs one case.
 *
 * @param role the fuzzer's; the peer has the other one.
 */
export async function simulate(
  { case: theCase }: CatalogueEntry,
  role: Role,
  Peer: PeerClass,
): Promise<SimulatedVerdict> {
  const clock = new VirtualClock();
  const agreed = theCase.compression && agree(theCase.compression, role);
  let verdict: SimulatedVerdict | undefined;
  let isPeerGone = false;
  const toFuzzer = new Pipe(clock, (bytes) => run.peer.receive(bytes));
  const toPeer = new Pipe(clock, (bytes) => {
    if (!isPeerGone && peer.isReading) peer.receive(bytes);
  });
  const peerRole = role === 'client' ? 'server' : 'client';
  const run: CaseRun = new CaseRun(
    theCase,
    {
      role,
      clock,
      log: new WireLog(() => clock.now(), true),
      nextMaskingKey: () => 0xa1b2c3d4,
      deflate: agreed && countJobs(clock, new MessageDeflate(role, agreed)),
      transport: {
        write: (bytes) => toPeer.put(bytes),
        // What has not been read is never taken: there is no kernel to keep a part of it.
        whenTaken: (taken) => clock.soon(() => peer.isReading && taken()),
        setReading: (isReading) => toFuzzer.setReading(isReading),
        end: () => clock.soon(() => hangUp()),
        abort: () => hangUp(),
      },
    },
    () => {
      verdict = judge(theCase, role, run.events, run.decision, run.peer.facts);
    },
  );
  const hangUp = (): void => {
    isPeerGone = true;
    run.peer.receiveEnd();
  };
  const link: PeerLink = {
    write: (bytes) => toFuzzer.put(bytes),
    end: () => clock.soon(() => run.peer.receiveEnd()),
    later: (ms, act) => void clock.after(ms, act),
  };
  const peer = new Peer(peerRole, link, agreed && new SyncDeflate(peerRole, agreed));
  run.open();
  await clock.runUntil(() => verdict !== undefined);
  if (verdict === undefined) throw new Error(`case ${theCase.id} has no end`);
  return verdict;
}

/** Bytes on their way to one end: they arrive later, or wait until it reads again. */
class Pipe {
  readonly #clock: VirtualClock;
  readonly #receive: (bytes: Buffer) => void;
  #waiting: Buffer[] | undefined;

  constructor(clock: VirtualClock, receive: (bytes: Buffer) => void) {
    this.#clock = clock;
    this.#receive = receive;
  }

  put(bytes: Buffer): void {
    const copy = Buffer.from(bytes);
    this.#clock.soon(() => {
      if (this.#waiting === undefined) this.#receive(copy);
      else this.#waiting.push(copy);
    });
  }

  setReading(isReading: boolean): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = isReading ? undefined : waiting;
    if (isReading) for (const bytes of waiting) this.put(bytes);
  }
}

/** Twice what the correct peer takes. */
const ENDLESS_IN_SMALL = endlessCases((2 * MAX_MESSAGE_BYTES) / 2 ** 20);

/** Those of our own cases that come to frames: a simulation has no opening handshake. */
export const PLAYABLE_BEYOND: readonly CatalogueEntry[] = BEYOND_CATALOGUE.filter(
  ({ case: { opening } }) => opening === undefined,
).map((entry) => ({
  ...entry,
  case: ENDLESS_IN_SMALL.find(({ id }) => id === entry.case.id) ?? entry.case,
}));

/** Where a peer is red, and where it is pale: see `broken-peer.ts`. */
export interface Colours {
  readonly red: readonly string[];
  readonly pale: readonly string[];
}

/**
 * Runs all cases but the large transfers.
 *
 * @param peerRole the peer's role.
 * @param heavy patterns of the large transfers to run nevertheless, separated by spaces.
 * @param among the cases to choose from: those of the original, or {@link PLAYABLE_BEYOND}.
 */
export async function simulateAll(
  Peer: PeerClass,
  peerRole: Role,
  heavy: string,
  among: readonly CatalogueEntry[] = CATALOGUE,
): Promise<Colours> {
  const isHeavyWanted = matchIds(heavy.split(' '));
  const red: string[] = [];
  const pale: string[] = [];
  for (const entry of among) {
    const { id, isHeavy } = entry.case;
    if (isHeavy === true && !isHeavyWanted(id)) continue;
    const verdict = await simulate(entry, peerRole === 'server' ? 'client' : 'server', Peer);
    if (!isFine(verdict)) red.push(id);
    else if (verdict.behavior === 'NON-STRICT') pale.push(id);
  }
  return { red, pale };
}

/** zlib works in real time: the clock waits for it. */
function countJobs(clock: VirtualClock, inner: Deflating): Deflating {
  return {
    sendsWithContext: inner.sendsWithContext,
    deflate(payload, done) {
      const end = clock.beginJob();
      inner.deflate(payload, (error, bytes) => {
        done(error, bytes);
        end();
      });
    },
    inflate(payload, done) {
      const end = clock.beginJob();
      inner.inflate(payload, (error, bytes) => {
        done(error, bytes);
        end();
      });
    },
    close: () => inner.close(),
  };
}

/** What the two would agree on: the peer takes whatever it is offered, and offers the usual. */
function agree(
  plan: NonNullable<CatalogueEntry['case']['compression']>,
  role: Role,
): AgreedDeflate | undefined {
  if (role === 'server') {
    const offer = 'permessage-deflate; client_max_window_bits';
    return answerCompression(offer, plan)?.agreed;
  }
  // A willing server promises what it was asked for, and binds the client in nothing.
  const first = plan.offer.split(',')[0]!;
  const response = first.replace(/; client_\w+/g, '');
  return readCompressionResponse(response, true);
}
