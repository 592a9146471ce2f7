/**
 * Liveness: pings in flight, round-trip times, and three deadlines that one clock tick checks.
 *
 * Pongs answer the latest ping and, with it, all older ones: a peer may leave pings unanswered when
 * newer ones came [RFC 6455 §5.5.3]. Pongs that answer nothing are ignored.
 *
 * Nothing here reads a clock, and no message is told of: before each tick the connection tells
 * whether something has come or gone since the last one. Deadlines are late by one tick at most.
 */
import { ProtocolError } from '../base/index.ts';
import type { ConnectionLimits } from './connection-limits.ts';

/** What it watches for; times are in ms, and off when they are 0. */
export type KeepaliveLimits = Pick<
  ConnectionLimits,
  'pingIntervalMs' | 'pongTimeoutMs' | 'idleTimeoutMs' | 'maxPingsInFlight'
>;

/** What a tick asks the connection to do. */
export type KeepaliveAction = 'none' | 'ping' | 'pong' | ProtocolError;

interface Asker {
  readonly sentAtMs: number;
  readonly answered: ((roundTripMs: number) => void) | undefined;
}

interface PingInFlight {
  readonly payload: string;
  readonly sentAtMs: number;
  /** Who asked with this ping, and with older ones that it stands for. */
  readonly askers: Asker[];
}

/** Payloads that are remembered at most: a pong for a newer ping answers the older ones as well. */
const MAX_PINGS = 64;

/** Stands for an empty list, and is never written to: most connections never ping. */
const NO_PINGS: PingInFlight[] = [];

/** Watches one connection. */
export class Keepalive {
  readonly #limits: KeepaliveLimits;
  #inFlight: PingInFlight[] = NO_PINGS;
  /** The first tick since which nothing came; `undefined` when something came behind the last. */
  #heardAtMs: number | undefined;
  /** The same of messages, either way. */
  #messageAtMs: number | undefined;
  /** Since when nothing has been read and nothing sent for that reason. */
  #deafSinceMs: number | undefined;
  #serial = 0;

  constructor(limits: KeepaliveLimits) {
    this.#limits = limits;
  }

  /** Notes that bytes came, or that the peer took some that waited for it. */
  heard(): void {
    this.#heardAtMs = undefined;
  }

  /** Notes that a data message came or went, or a part of one. */
  message(): void {
    this.#messageAtMs = undefined;
  }

  /** Whether another ping may be sent: a peer that answers none must not make them pile up. */
  get canPing(): boolean {
    return this.unanswered() < this.#limits.maxPingsInFlight;
  }

  /** Pings that nobody has answered, those included that newer ones stand for. */
  private unanswered(): number {
    return this.#inFlight.reduce((sum, { askers }) => sum + askers.length, 0);
  }

  /**
   * Registers a ping that is about to be sent.
   *
   * @param payload at most 125 bytes; `undefined` takes a serial number.
   * @param answered called with the round-trip time when the peer answers this ping or a later one.
   * @returns the payload to send.
   */
  pinged(
    nowMs: number,
    payload: Buffer | undefined,
    answered: ((roundTripMs: number) => void) | undefined,
  ): Buffer {
    this.#serial += 1;
    const bytes = payload ?? Buffer.from(String(this.#serial), 'latin1');
    if (this.#inFlight === NO_PINGS) this.#inFlight = [];
    if (this.#inFlight.length === MAX_PINGS) this.forgetSecond();
    const askers = [{ sentAtMs: nowMs, answered }];
    this.#inFlight.push({ payload: bytes.toString('latin1'), sentAtMs: nowMs, askers });
    return bytes;
  }

  /** The next one stands for it; the oldest stays, because the pong timeout counts from it. */
  private forgetSecond(): void {
    const [forgotten] = this.#inFlight.splice(1, 1);
    const heir = this.#inFlight[1]!;
    forgotten!.askers.push(...heir.askers);
    this.#inFlight[1] = { ...heir, askers: forgotten!.askers };
  }

  /**
   * Takes in a pong.
   *
   * @returns the round-trip time in ms, or `undefined` when it answers no ping of ours.
   */
  ponged(nowMs: number, payload: Buffer): number | undefined {
    const text = payload.toString('latin1');
    const index = this.#inFlight.findLastIndex((ping) => ping.payload === text);
    if (index === -1) return undefined;
    let roundTripMs = 0;
    for (const { sentAtMs, askers } of this.#inFlight.splice(0, index + 1)) {
      roundTripMs = nowMs - sentAtMs;
      for (const asker of askers) asker.answered?.(nowMs - asker.sentAtMs);
    }
    return roundTripMs;
  }

  /**
   * Tells what is due. Call it about once a second.
   *
   * @param isDeaf nothing is read: a pause of ours is no silence of theirs, but they may be gone.
   */
  tick(nowMs: number, isDeaf = false): KeepaliveAction {
    if (isDeaf) return this.tickDeaf(nowMs);
    const { pingIntervalMs, pongTimeoutMs, idleTimeoutMs } = this.#limits;
    this.#deafSinceMs = undefined;
    // A whole number lies in the object, any other beside it; rounded up, no deadline is early.
    this.#heardAtMs ??= Math.ceil(nowMs);
    this.#messageAtMs ??= Math.ceil(nowMs);
    const oldest = this.#inFlight[0];
    // Anything that came after the ping shows that the peer is alive, even if its pong is late.
    const silentSinceMs = Math.max(this.#heardAtMs, oldest?.sentAtMs ?? 0);
    const silenceMs = nowMs - silentSinceMs;
    if (oldest !== undefined && isDue(pongTimeoutMs, silenceMs)) {
      return new ProtocolError('pong-timeout', `${silenceMs} ms of silence after a ping`);
    }
    if (isDue(idleTimeoutMs, nowMs - this.#messageAtMs)) {
      return new ProtocolError('idle-timeout', `${idleTimeoutMs} ms without a message`);
    }
    const isQuiet = isDue(pingIntervalMs, nowMs - this.#heardAtMs);
    return isQuiet && oldest === undefined ? 'ping' : 'none';
  }

  private tickDeaf(nowMs: number): KeepaliveAction {
    this.heard();
    this.message();
    this.#deafSinceMs ??= nowMs;
    if (!isDue(this.#limits.pingIntervalMs, nowMs - this.#deafSinceMs)) return 'none';
    this.#deafSinceMs = nowMs;
    return 'pong';
  }
}

function isDue(limitMs: number, passedMs: number): boolean {
  return limitMs > 0 && passedMs >= limitMs;
}
