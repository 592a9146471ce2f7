/**
 * What is sent to many at once must arrive whole at each of them, and nothing else may.
 *
 * The first delivery is read and checked at every client, before anything is timed. From then on
 * bytes are counted, from the beginning to the end: a surplus that comes between two deliveries is
 * seen at the next one, or when all is over. Deliveries whose length changes, because each is
 * compressed with those before it in mind, are as long at every client as at the first one, where
 * frames are counted.
 */
import { FrameCounter } from './frame-counter.ts';
import type { Listener } from './raw-client.ts';

/** Whether these bytes are the whole of a first delivery. @throws Error when they cannot be. */
export type ReadDelivery = (gathered: Buffer) => boolean;

/** How deliveries are awaited. */
export interface ArrivalOptions {
  readonly read: ReadDelivery;
  /** Lengths change: frames are counted, so many in each delivery. */
  readonly frames?: number | undefined;
  /** For so long a delivery may be under way. Default 30,000. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 30_000;

/** Not known yet: less than it and not equal to it is whatever has come. */
const UNKNOWN = Number.POSITIVE_INFINITY;

/** Deliveries to all of some clients. */
export class Arrivals {
  readonly #clients: readonly Listener[];
  readonly #options: ArrivalOptions;
  readonly #received: number[];
  #leader: FrameCounter | undefined;
  #frames = 0;
  /** Bytes of one delivery, where all have the same. */
  #length = 0;
  /** Bytes that every client must have got when the delivery under way has arrived. */
  #due = 0;
  #missing = 0;
  #error: Error | undefined;
  #arrived = (): void => {};
  #failed = (): void => {};

  constructor(clients: readonly Listener[], options: ArrivalOptions) {
    this.#clients = clients;
    this.#options = options;
    this.#received = clients.map(() => 0);
  }

  /** Bytes that have come at all clients together. */
  get receivedBytes(): number {
    return this.#received.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Awaits the first delivery, which `send` brings about, and reads it at every client. */
  async first(send: () => void): Promise<void> {
    for (const [index, client] of this.#clients.entries()) {
      let gathered = Buffer.alloc(0);
      client.onData = (bytes) => {
        gathered = Buffer.concat([gathered, bytes]);
        this.#received[index] = gathered.length;
        this.#gather(index, gathered);
      };
    }
    await this.#round(send);
    this.#length = this.#received[0]!;
    this.#due = this.#length;
    if (this.#received.some((bytes) => bytes !== this.#length)) {
      throw new Error('first deliveries are not of one length');
    }
    if (this.#options.frames !== undefined) this.#leader = new FrameCounter();
    for (const [index, client] of this.#clients.entries()) {
      client.onData = (bytes) => this.#count(index, bytes);
    }
  }

  /** Awaits the next delivery. */
  next(send: () => void): Promise<void> {
    this.#due = this.#leader === undefined ? this.#due + this.#length : UNKNOWN;
    this.#frames = 0;
    return this.#round(send);
  }

  /** Awaits deliveries one after the other, until there were `count` of them. */
  async repeat(count: number, send: (round: number) => void): Promise<void> {
    for (let round = 0; round < count; round += 1) await this.next(() => send(round));
  }

  /** Looks whether anything came that was not due. @throws Error when it did. */
  async finish(): Promise<void> {
    await quiet(50);
    if (this.#error !== undefined) throw this.#error;
  }

  #round(send: () => void): Promise<void> {
    this.#missing = this.#clients.length;
    return new Promise((resolve, reject) => {
      const patienceMs = this.#options.patienceMs ?? PATIENCE_MS;
      const timer = setTimeout(() => {
        this.#fail(`${this.#missing} of ${this.#clients.length} clients miss something`);
      }, patienceMs);
      this.#arrived = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#failed = () => {
        clearTimeout(timer);
        reject(this.#error);
      };
      if (this.#error === undefined) send();
      else this.#failed();
    });
  }

  #gather(index: number, gathered: Buffer): void {
    try {
      if (this.#options.read(gathered)) this.#arriveOne();
    } catch (error) {
      this.#fail(`client ${index}: ${(error as Error).message}`);
    }
  }

  #count(index: number, bytes: Buffer): void {
    this.#received[index]! += bytes.length;
    if (index === 0 && this.#leader !== undefined && this.#due === UNKNOWN) {
      this.#lead(this.#leader, bytes);
    } else {
      this.#compare(index);
    }
  }

  /** Once the first client has its frames, it is known what all others must have. */
  #lead(leader: FrameCounter, bytes: Buffer): void {
    this.#frames += leader.push(bytes);
    const wanted = this.#options.frames!;
    if (this.#frames < wanted) return;
    if (this.#frames > wanted || !leader.isBetween) {
      this.#fail('client 0: more came than was sent');
      return;
    }
    this.#due = this.#received[0]!;
    for (let index = 0; index < this.#clients.length; index += 1) this.#compare(index);
  }

  #compare(index: number): void {
    const received = this.#received[index]!;
    if (received === this.#due) this.#arriveOne();
    else if (received > this.#due) this.#fail(`client ${index}: more came than was sent`);
  }

  #arriveOne(): void {
    this.#missing -= 1;
    if (this.#missing === 0) this.#arrived();
  }

  #fail(message: string): void {
    this.#error ??= new Error(message);
    this.#failed();
  }
}

/** Resolves after so many ms. */
export function quiet(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
