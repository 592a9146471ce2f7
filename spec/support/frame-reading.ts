/** Feeds a frame reader in pieces, and pauses it, as a property draws them. */
import assert from 'node:assert/strict';
import {
  FrameReader,
  type FrameReaderOptions,
  lendReadMemory,
  type MaskingStrategy,
  viewRead,
} from 'barewire/codec';
import { fc } from './fast-check.ts';
import { cutAt } from './feeding.ts';
import { FrameLog } from './frame-log.ts';

const STRATEGIES: readonly MaskingStrategy[] = ['auto', 'bytes', 'words', 'simd'];

/** How a reader is tuned. */
export const settings = fc.record({
  strategy: fc.constantFrom(...STRATEGIES),
  allowRsv1: fc.boolean(),
  ownsInput: fc.boolean(),
  givesInput: fc.boolean(),
  isRead: fc.boolean(),
  maxFrameBytes: fc.constantFrom(0, 5, 125, 126, 70_000, Number.POSITIVE_INFINITY),
});
/** Where its input is cut. */
export const cuts = fc.array(fc.nat(3000), { maxLength: 8 });

/**
 * Reads `input` in pieces; at every call that `pauses` names, the reader pauses for a while.
 *
 * @param options with `isRead` pieces lie where sockets read to, as far as they have room there.
 */
export function readPaused(
  input: Buffer,
  { isRead = false, ...options }: FrameReaderOptions & { isRead?: boolean },
  offsets: readonly number[],
  pauses: ReadonlySet<number>,
): { log: FrameLog; reader: FrameReader; changed: boolean } {
  const log = new FrameLog();
  let calls = 0;
  const mayPause = (): void => {
    if (pauses.has(calls)) reader.pause();
    calls += 1;
  };
  const reader = new FrameReader(
    {
      frame(header) {
        log.frame(header);
        mayPause();
      },
      payload(...piece) {
        log.payload(...piece);
        mayPause();
      },
      frameEnd() {
        log.frameEnd();
        mayPause();
      },
      failed: (error) => log.failed(error),
    },
    options,
  );
  const isOurs = options.givesInput !== true;
  const chunks = cutAt(input, offsets);
  let changed = false;
  for (const [index, piece] of chunks.entries()) {
    const chunk = isRead && isOurs ? readTo(piece, index) : piece;
    const copy = Buffer.from(chunk);
    reader.receive(chunk);
    changed ||= !chunk.equals(copy);
    if (chunk !== piece) checkAround(chunk);
    // What was not given away is used for something else.
    if (isOurs) for (const bytes of [chunk, piece]) bytes.fill(0x5a);
  }
  while (reader.state === 'paused') reader.resume();
  log.checkKept();
  changed ||= isOurs && !chunks.every((chunk) => chunk.equals(Buffer.alloc(chunk.length, 0x5a)));
  return { log, reader, changed };
}

const AROUND = 0x3c;

/**
 * Puts a piece where sockets read to, at its beginning or end, and something else around it. A piece
 * that has no room there stays where it is.
 */
export function readTo(piece: Buffer, index: number): Buffer {
  const room = lendReadMemory().length - piece.length;
  if (room < 0) return piece;
  const memory = lendReadMemory().fill(AROUND);
  const start = index % 2 === 0 ? Math.min(index, room) : Math.max(0, room - index + 1);
  memory.set(piece, start);
  return start === 0 ? viewRead(piece.length) : memory.subarray(start, start + piece.length);
}

/** What lies beside a piece is not its reader's. */
function checkAround(chunk: Buffer): void {
  const memory = lendReadMemory();
  const start = chunk.byteOffset - memory.byteOffset;
  const around = Buffer.alloc(memory.length, AROUND);
  assert.ok(memory.subarray(0, start).equals(around.subarray(0, start)), 'wrote in front');
  const end = start + chunk.length;
  assert.ok(memory.subarray(end).equals(around.subarray(end)), 'wrote behind');
}
