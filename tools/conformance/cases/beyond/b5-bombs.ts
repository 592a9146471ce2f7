/**
 * Beyond 5, last chapter: deflate bombs [RFC 7692 §8].
 *
 * Deflate makes a thousand octets of one. Who measures a message after it was inflated has lost.
 */
import { constants, deflateRawSync } from 'node:zlib';
import type { Case, Chapter, CompressionPlan, Step } from '../../model.ts';
import { frame } from '../../script.ts';
import type { Acting, Stage } from '../../stage.ts';
import { ENDS_AS_IT_LIKES, judgeLoad } from './ways-to-end.ts';

/** permessage-deflate as most clients offer it and most servers accept it. */
export const compression: CompressionPlan = {
  offer: 'permessage-deflate; client_max_window_bits',
  accept: [{ clientNoContextTakeover: false }],
};

const MIB = 1024 * 1024;
const BLOCK_MIB = 16;

/** Inflating it, and deflating the echo, takes a testee on a busy machine half a minute. */
const SECONDS = 240;

/** Zeros, deflated: a thousandth of their size. Made when the case is played. */
function bomb(id: string, mib: number, description: string, isCut: boolean): Case {
  const steps = (): Step[] => {
    const block = deflateRawSync(Buffer.alloc(BLOCK_MIB * MIB), {
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    // Each block ends on an octet's border and needs nothing before it: it may be repeated.
    const blocks = new Array<Buffer>(mib / BLOCK_MIB).fill(block);
    if (!isCut) return [frame(2, Buffer.concat(blocks).subarray(0, -4), { rsv: 4 })];
    const more = blocks.slice(1).map((each) => frame(0, each, { fin: false }));
    return [frame(2, block, { fin: false, rsv: 4 }), ...more, frame(0, Buffer.of(0))];
  };
  return {
    id,
    description,
    expectation:
      'The testee refuses the message with 1009 while it inflates. One that echoes it is not ' +
      'strict: it will inflate for anyone.',
    script: [],
    expected: { OK: [] },
    close: ENDS_AS_IT_LIKES,
    compression,
    isHeavy: true,
    reportTime: true,
    act: (stage) =>
      stage.isCompressed
        ? judgeLoad({
            steps: steps(),
            isEcho: (payload, isBinary) => isBinary && payload.length === mib * MIB,
            echoed: 'NON-STRICT',
            refusals: [1009, 1008],
            seconds: SECONDS,
          })(stage)
        : unimplemented(stage),
  };
}

const unimplemented = (stage: Stage): Acting => ({
  open(): void {
    stage.decide('UNIMPLEMENTED', 'permessage-deflate was not negotiated.');
    stage.close();
  },
  message(): void {},
});

/** Bombs. */
export const BOMBS: Chapter = {
  id: 'b5.5',
  title: 'Bombs',
  source: 'RFC 7692 §8',
  rule: 'A limit on message size counts inflated octets, and is looked at while inflating.',
  mistake: 'Inflates all of it and measures then, or never.',
  cases: [
    bomb('b5.5.1', 256, 'A message of 256 MiB of zeros in 256 KiB.', false),
    bomb('b5.5.2', 256, 'The same in sixteen fragments.', true),
  ],
};
