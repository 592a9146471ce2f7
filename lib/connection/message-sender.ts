/**
 * From messages to frames [RFC 6455 §6.1]: compresses, cuts into fragments, keeps the order.
 *
 * Most messages go straight to the outbox, by {@link sendAtOnce}. A queue exists only while
 * something in front is not finished: a compress job in the thread pool, or a message that is being
 * streamed. Control frames do not queue here; they may stand between the fragments of a message
 * [RFC 6455 §5.4]. The close frame does: whatever was accepted before it leaves before it.
 *
 * Longer than the house allows: one queue with four kinds of jobs, of a few lines each.
 */
import { type ProtocolError, settleShape } from '../base/index.ts';
import { OPCODE } from '../codec/index.ts';
import type { MessageDeflater } from './connection-options.ts';
import type { Outbox } from './outbox.ts';
import { OutgoingMessage } from './outgoing-message.ts';
import {
  type FramesToCome,
  isGone,
  type Job,
  madeFrames,
  opcodeOf,
  ownPayload,
  payloadGone,
  type SendOptions,
  SendQueue,
} from './send-queue.ts';

const RSV1 = 4;

/** Is told what a sender cannot do itself. */
export interface SenderOwner {
  /** There may be something to flush. */
  requestFlush(): void;
  /** A message could not be compressed, or is gone: the connection cannot go on. */
  fail(error: ProtocolError): void;
}

/** Encodes a message that nothing stands before, and that is not compressed. */
export function sendAtOnce(
  outbox: Outbox,
  data: string | Uint8Array,
  options: SendOptions | undefined,
): void {
  const mustCopy = options?.copy === true && outbox.keepsReference(data);
  const payload = mustCopy ? ownPayload(data) : data;
  outbox.append(opcodeOf(data, options?.type), true, 0, payload);
}

/** Sends messages in order. */
export class MessageSender {
  readonly #outbox: Outbox;
  readonly #deflater: MessageDeflater | undefined;
  readonly #threshold: number;
  /** Made when something has to wait: most connections never make anything wait. */
  #queue: SendQueue | undefined;
  readonly #owner: SenderOwner;
  #isCompressing = false;
  /** Of the piece that is being compressed, which has left its message: the queue counts it not. */
  #pieceBytes = 0;
  #isStopped = false;
  /** Pieces that have left, of all messages that are written piece by piece. */
  #pieces = 0;
  /** When one looked last: these pieces, and what waited. */
  #piecesAtLook = 0;
  #queuedAtLook = 0;
  /** Accepted messages that are not sent: dropped, or taken back by whoever gave them. */
  forgottenMessages = 0;
  /** Those of them that were dropped, because the connection closed or ended. */
  droppedMessages = 0;
  /** Bytes that were accepted and forgotten at the end; whoever forgets frames adds theirs. */
  lostBytes = 0;

  /**
   * @param threshold messages of fewer bytes are not compressed unless asked for.
   * @param owner told when bytes may have come into the outbox outside of `send`.
   */
  constructor(
    outbox: Outbox,
    deflater: MessageDeflater | undefined,
    threshold: number,
    owner: SenderOwner,
  ) {
    this.#outbox = outbox;
    this.#deflater = deflater;
    this.#threshold = threshold;
    this.#owner = owner;
  }

  /** True after {@link stop}: nothing is sent any more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Bytes of messages that were accepted and are not in the outbox yet. */
  get queuedBytes(): number {
    return (this.#queue?.bytes ?? 0) + this.#pieceBytes;
  }

  /** The memory that they are: their bytes, and the overhead of each message and piece. */
  get heldBytes(): number {
    return (this.#queue?.heldBytes ?? 0) + this.#pieceBytes;
  }

  /** Whether pieces of messages have left since one looked last. */
  hasGrown(): boolean {
    const hasGrown = this.#pieces !== this.#piecesAtLook;
    this.#piecesAtLook = this.#pieces;
    return hasGrown;
  }

  /** Whether less waits than when one looked last. */
  hasWorked(): boolean {
    const hasWorked = this.queuedBytes < this.#queuedAtLook;
    this.#queuedAtLook = this.queuedBytes;
    return hasWorked;
  }

  #isQueueEmpty(): boolean {
    return this.#queue === undefined || this.#queue.length === 0;
  }

  /** Whether a message would be compressed; `wanted` overrules the threshold. */
  wouldCompress(payload: string | Uint8Array, wanted: boolean | undefined): boolean {
    if (this.#deflater === undefined) return false;
    if (wanted !== undefined) return wanted;
    if (payload.length >= this.#threshold) return true;
    return typeof payload === 'string' && Buffer.byteLength(payload) >= this.#threshold;
  }

  /** Sends one message, or queues it behind what is unfinished. */
  send(data: string | Uint8Array, options: SendOptions | undefined): void {
    const compress = this.wouldCompress(data, options?.compress);
    if (this.#isQueueEmpty() && !compress) return sendAtOnce(this.#outbox, data, options);
    const opcode = opcodeOf(data, options?.type);
    const payload = options?.copy === true ? ownPayload(data) : data;
    const bytes = Buffer.byteLength(payload);
    this.#enqueue({ kind: 'message', opcode, payload, compress, bytes });
  }

  /**
   * Sends a message that is encoded elsewhere, in bytes that never change. Its place in the order
   * is kept for it until it is; `onSent` tells when it left in that place.
   */
  sendEncoded(encoded: Buffer | FramesToCome, onSent?: () => void): void {
    const frames = madeFrames(encoded);
    if (this.#isQueueEmpty() && frames !== undefined) {
      this.#outbox.appendShared(frames);
      onSent?.();
      return;
    }
    this.#enqueue({ kind: 'encoded', encoded, onSent, bytes: encoded.byteLength });
    if (frames !== undefined) return;
    (encoded as FramesToCome).whenMade(() => {
      if (!this.#isStopped) this.#pumpAndFlush();
    });
  }

  /** Begins a message whose pieces are written one by one. Later messages wait for its end. */
  startMessage(
    type: 'text' | 'binary' | undefined,
    compress: boolean | undefined,
  ): OutgoingMessage {
    const isCompressed = this.#deflater !== undefined && compress !== false;
    const stream = new OutgoingMessage(this, type, isCompressed);
    this.#enqueue({ kind: 'stream', stream, bytes: 0 });
    return stream;
  }

  /** Takes a stream of which nothing was sent out of the queue; false when that is too late. */
  remove(stream: OutgoingMessage): boolean {
    if (this.#isStopped) return true;
    const isGone = this.#forget(stream);
    if (isGone) this.#pumpAndFlush();
    return isGone;
  }

  /** Forgets its pieces, and all of it when nothing of it was sent: false when that is too late. */
  #forget(stream: OutgoingMessage): boolean {
    this.#queue!.countPieces(-stream.waitingPieces, -stream.dropPieces());
    if (stream.hasStarted) return false;
    if (this.#queue!.remove(stream)) this.forgottenMessages += 1;
    return true;
  }

  /** Calls `write` when everything accepted before has left; drops a stream that is unfinished. */
  closeAfterQueue(write: () => void): void {
    this.#drop(this.#queue?.dropUnfinished() ?? 0);
    // Mostly nothing waits, and then no queue is made for it.
    const isFree = this.#isQueueEmpty() && !this.#isCompressing && !this.#isStopped;
    if (isFree) write();
    else this.#enqueue({ kind: 'close', write, bytes: 0 });
  }

  /** Forgets everything that waits. Running jobs end in nothing. */
  stop(): void {
    this.#isStopped = true;
    this.lostBytes += this.queuedBytes;
    this.#pieceBytes = 0;
    this.#drop(this.#queue?.clear() ?? 0);
  }

  #drop(messages: number): void {
    this.forgottenMessages += messages;
    this.droppedMessages += messages;
  }

  #enqueue(job: Job): void {
    this.#queue ??= new SendQueue();
    this.#queue.push(job);
    this.pump();
  }

  /** For streams: a piece of so many bytes waits. */
  pieceAdded(bytes: number): void {
    this.#queue!.countPieces(1, bytes);
    this.#pumpAndFlush();
  }

  #pumpAndFlush(): void {
    this.pump();
    this.#owner.requestFlush();
  }

  /** Works off the queue as far as it goes without waiting. */
  pump(): void {
    while (!this.#isQueueEmpty() && !this.#isCompressing && !this.#isStopped) {
      if (!this.#step(this.#queue!.first!)) return;
    }
  }

  /** Does the next step of the first job; false when there is nothing to do but wait. */
  #step(job: Job): boolean {
    if (job.kind === 'message' && isGone(job.payload, job.bytes)) return this.#failGone();
    switch (job.kind) {
      case 'encoded': {
        const frames = madeFrames(job.encoded);
        if (frames === undefined) return false;
        this.#queue!.shift();
        this.#outbox.appendShared(frames);
        job.onSent?.();
        return true;
      }
      case 'close':
        this.#queue!.shift();
        job.write();
        return true;
      case 'message':
        this.#stepMessage(job);
        return true;
      case 'stream':
        return this.#stepStream(job);
    }
  }

  #stepMessage(job: Job & { kind: 'message' }): void {
    const { opcode, payload } = job;
    if (!job.compress) {
      this.#queue!.shift();
      this.#outbox.append(opcode, true, 0, payload);
      return;
    }
    this.#compress(job, payload, true, (bytes) => {
      this.#queue!.shift();
      this.#outbox.append(opcode, true, RSV1, bytes);
    });
  }

  #stepStream(job: Job & { kind: 'stream' }): boolean {
    const stream = job.stream;
    if (!stream.hasStarted && stream.isTakenBack?.()) {
      stream.giveUp();
      return this.#forget(stream);
    }
    const piece = stream.takePiece();
    if (piece === undefined) return false;
    const [payload, fin, bytes] = piece;
    this.#pieces += 1;
    this.#queue!.countPieces(-1, -bytes);
    if (isGone(payload, bytes)) return this.#failGone();
    const opcode = stream.hasStarted ? OPCODE.continuation : stream.opcode;
    const rsv = stream.isCompressed && !stream.hasStarted ? RSV1 : 0;
    if (!stream.hasStarted) stream.start();
    const sent = (frame: string | Uint8Array): void => {
      this.#outbox.append(opcode, fin, rsv, frame);
      if (fin) this.#queue!.shift();
    };
    if (stream.isCompressed) {
      this.#pieceBytes = bytes;
      this.#compress(job, payload, fin, sent);
    } else sent(payload);
    return true;
  }

  #failGone(): false {
    this.#owner.fail(payloadGone());
    return false;
  }

  #compress(
    job: Job,
    payload: string | Uint8Array,
    fin: boolean,
    sent: (bytes: Buffer) => void,
  ): void {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    let isLater = false;
    this.#isCompressing = true;
    this.#deflater!.compress(bytes, fin, (error, compressed) => {
      this.#isCompressing = false;
      this.#pieceBytes = 0;
      if (this.#isStopped) return;
      if (error !== undefined) return this.#owner.fail(error);
      // A closing handshake may have dropped the unfinished message meanwhile.
      if (this.#queue!.first === job) sent(compressed);
      if (!isLater) return;
      this.#pumpAndFlush();
    });
    isLater = true;
  }
}

settleShape(() => new MessageSender({} as Outbox, undefined, 0, {} as SenderOwner));
