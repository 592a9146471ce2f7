/** Feeds a frame reader in pieces, and pauses it, as a property draws them. */
import { FrameReader, type FrameReaderOptions, type MaskingStrategy } from 'barewire/codec';
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
  maxFrameBytes: fc.constantFrom(0, 5, 125, 126, 70_000, Number.POSITIVE_INFINITY),
});
/** Where its input is cut. */
export const cuts = fc.array(fc.nat(3000), { maxLength: 8 });

/** Reads `input` in pieces; at every call that `pauses` names, the reader pauses for a while. */
export function readPaused(
  input: Buffer,
  options: FrameReaderOptions,
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
  const chunks = cutAt(input, offsets);
  const isOurs = options.givesInput !== true;
  let changed = false;
  for (const chunk of chunks) {
    const copy = Buffer.from(chunk);
    reader.receive(chunk);
    changed ||= !chunk.equals(copy);
    // What was not given away is used for something else.
    if (isOurs) chunk.fill(0x5a);
  }
  while (reader.state === 'paused') reader.resume();
  log.checkKept();
  changed ||= isOurs && !chunks.every((chunk) => chunk.equals(Buffer.alloc(chunk.length, 0x5a)));
  return { log, reader, changed };
}
