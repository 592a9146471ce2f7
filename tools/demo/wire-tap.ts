/**
 * Watching a WebSocket connection from beside it: copies of its bytes go in, records come out.
 *
 * Both directions are read by our own frame reader, each in the role of the side that receives. The
 * tap keeps a bounded number of records, so that a page sees its handshake even though it could
 * only ask for it afterwards. What it shows goes out over another connection, which has no tap:
 * watching that one too would make each record cause the next.
 */
import { FrameReader, type FrameSink, MAX_HEADER_LENGTH, writeFrameHeader } from 'barewire/codec';
import type { WireFrame, WireRecord } from './page/messages.ts';

const KEPT_RECORDS = 120;
/** Of a longer payload only the beginning is shown. */
const SHOWN_BYTES = 600;
/** Pages whose wire is watched; all others are served just the same. */
const MAX_PAGES = 200;

type Direction = WireRecord['direction'];
/** A record without what the tap itself knows. */
type Seen<Kind> = Kind extends WireRecord ? Omit<Kind, 'seq' | 'connection' | 'at'> : never;

/** The wires of all pages that are watched. */
export class WireTaps {
  readonly #taps = new Map<string, WireTap>();
  readonly #now: () => number;
  #seq = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether {@link of} has a wire for a page. */
  hasRoomFor(page: string): boolean {
    return this.#taps.has(page) || this.#taps.size < MAX_PAGES;
  }

  /** The wire of a page, new if need be; `undefined` when too many are watched. */
  of(page: string): WireTap | undefined {
    let tap = this.#taps.get(page);
    if (tap === undefined && this.hasRoomFor(page)) {
      tap = new WireTap(
        this.#now,
        () => this.#nextSeq(),
        () => this.#taps.delete(page),
      );
      this.#taps.set(page, tap);
    }
    return tap;
  }

  /** One count for all: a page that comes back to a forgotten tap sees no number again. */
  #nextSeq(): number {
    this.#seq += 1;
    return this.#seq;
  }

  /** How many pages are watched. */
  get size(): number {
    return this.#taps.size;
  }
}

/** One page's wire. It is forgotten when nobody is at either end of it. */
export class WireTap {
  readonly #records: WireRecord[] = [];
  readonly #viewers = new Set<(record: WireRecord) => void>();
  readonly #now: () => number;
  readonly #nextSeq: () => number;
  readonly #forget: () => void;
  #connections = 0;
  #open = 0;

  constructor(now: () => number, nextSeq: () => number, forget: () => void) {
    this.#now = now;
    this.#nextSeq = nextSeq;
    this.#forget = forget;
  }

  /** Shows `viewer` everything that is kept, and everything that comes; the result ends that. */
  watch(viewer: (record: WireRecord) => void): () => void {
    for (const record of this.#records) viewer(record);
    this.#viewers.add(viewer);
    return () => {
      this.#viewers.delete(viewer);
      this.#forgetIfUnused();
    };
  }

  /** Begins to record another connection of the page. */
  connect(): TappedConnection {
    this.#connections += 1;
    this.#open += 1;
    const connection = this.#connections;
    const begun = this.#now();
    return new TappedConnection((seen) => {
      this.#add({ ...seen, seq: this.#nextSeq(), connection, at: this.#now() - begun });
      if (seen.kind !== 'end') return;
      this.#open -= 1;
      this.#forgetIfUnused();
    });
  }

  #add(record: WireRecord): void {
    this.#records.push(record);
    if (this.#records.length > KEPT_RECORDS) this.#records.shift();
    for (const viewer of this.#viewers) viewer(record);
  }

  #forgetIfUnused(): void {
    if (this.#open === 0 && this.#viewers.size === 0) this.#forget();
  }
}

/** The recording of one connection. */
export class TappedConnection {
  readonly #add: (seen: Seen<WireRecord>) => void;
  readonly #readers: Readonly<Record<Direction, FrameReader>>;
  #hasEnded = false;

  constructor(add: (seen: Seen<WireRecord>) => void) {
    this.#add = add;
    this.#readers = {
      in: this.#dissector('in'),
      out: this.#dissector('out'),
    };
  }

  /** The bytes of the upgrade request or of its response, up to the empty line. */
  handshake(direction: Direction, bytes: Buffer): void {
    this.#record({ kind: 'handshake', direction, text: bytes.toString('latin1') });
  }

  /** Bytes that passed after the handshake; they are only read. */
  bytes(direction: Direction, bytes: Buffer): void {
    if (!this.#hasEnded) this.#readers[direction].receive(bytes);
  }

  /** The connection is gone. */
  end(text: string): void {
    if (this.#hasEnded) return;
    this.#record({ kind: 'end', direction: 'out', text });
    this.#hasEnded = true;
  }

  #record(seen: Seen<WireRecord>): void {
    if (!this.#hasEnded) this.#add(seen);
  }

  /** Turns the bytes of one direction into frames with everything that a learner wants to see. */
  #dissector(direction: Direction): FrameReader {
    const shown = Buffer.alloc(SHOWN_BYTES);
    let shownLength = 0;
    let frame: Omit<Seen<WireFrame>, 'payload'> | undefined;
    const sink: FrameSink = {
      frame(header) {
        // Lengths are minimal, or the reader had refused them: writing the header again gives the
        // very bytes that passed.
        const { fin, rsv, opcode, masked, payloadLength } = header;
        const bytes = Buffer.alloc(MAX_HEADER_LENGTH);
        const key = masked ? header.maskingKey : undefined;
        const length = writeFrameHeader(bytes, 0, opcode, fin, rsv, payloadLength, key);
        const hex = bytes.toString('hex', 0, length);
        frame = { kind: 'frame', direction, header: hex, fin, rsv, opcode, masked, payloadLength };
        shownLength = 0;
      },
      payload(bytes, start, end) {
        const taken = Math.min(end, start + SHOWN_BYTES - shownLength);
        if (taken > start) shownLength += bytes.copy(shown, shownLength, start, taken);
      },
      frameEnd: () => {
        if (frame === undefined) return;
        this.#record({ ...frame, payload: shown.toString('hex', 0, shownLength) });
      },
      // The other direction is read on: what the server says to this is what there is to see.
      failed: (error) => this.#record({ kind: 'broken', direction, text: error.message }),
    };
    return new FrameReader(sink, {
      role: direction === 'in' ? 'server' : 'client',
      allowRsv1: true,
    });
  }
}
