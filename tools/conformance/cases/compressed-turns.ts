/**
 * What groups 12 and 13 have in common: a thousand compressed messages, one after another, in
 * eighteen sizes [RFC 7692 §7.2].
 *
 * ```
 * sub-case          1    2    3     4     5     6  …   10 │    11 …  15      16     17     18
 * message length   16   64  256  1024  4096  8192  131072 │  8192 131072  131072 131072 131072
 * cut every         –    –    –     –     –     –       – │   256    256    1024   4096  32768
 * ```
 * The messages are consecutive slices of a data set. What is cut is the compressed payload: RSV1
 * stands on the first frame only [RFC 7692 §6.1]. Echoes may come back uncompressed.
 */
import { createReader, type DataSet } from '../data-sets.ts';
import type { Case, Chapter, CompressionPlan } from '../model.ts';
import { CLOSES_NORMALLY, closeAfter } from '../script.ts';
import type { Acting, Stage } from '../stage.ts';

const MESSAGES = 1000;

/** Length in units of the data set, time in seconds, octets a fragment (0: not cut). */
const MATRIX: readonly (readonly [length: number, seconds: number, fragmentBytes: number])[] = [
  [16, 60, 0],
  [64, 60, 0],
  [256, 120, 0],
  [1024, 240, 0],
  [4096, 480, 0],
  [8192, 480, 0],
  [16_384, 480, 0],
  [32_768, 480, 0],
  [65_536, 480, 0],
  [131_072, 480, 0],
  [8192, 480, 256],
  [16_384, 480, 256],
  [32_768, 480, 256],
  [65_536, 480, 256],
  [131_072, 480, 256],
  [131_072, 480, 1024],
  [131_072, 480, 4096],
  [131_072, 480, 32_768],
];

/** Sends slice after slice; each must come back as it was. */
const compressedTurns =
  (dataSet: DataSet, length: number, seconds: number, fragmentBytes: number) =>
  (stage: Stage): Acting => {
    const isBinary = dataSet.type === 'binary';
    const next = createReader(dataSet, length);
    let done = 0;
    let sent: Buffer;
    const send = (): void => {
      sent = next();
      stage.sendMessage(sent, isBinary, fragmentBytes);
    };
    return {
      open(): void {
        if (!stage.isCompressed) {
          stage.decide('UNIMPLEMENTED', 'permessage-deflate was not negotiated.');
          stage.close();
          return;
        }
        stage.decide(
          'FAILED',
          `Not all of ${MESSAGES} came back before the end; ${seconds} seconds are allowed.`,
        );
        send();
        stage.play([closeAfter(seconds)]);
      },
      message(echo, echoIsBinary): void {
        done += 1;
        const isRight = echoIsBinary === isBinary && echo.equals(sent);
        if (isRight && done < MESSAGES) {
          send();
          return;
        }
        if (isRight) stage.decide('OK', `${MESSAGES} messages have come back as they were sent.`);
        else stage.decide('FAILED', `Echo ${done} differs from what was sent.`);
        stage.close();
      },
    };
  };

/** The eighteen cases of one chapter. */
export function compressionCases(
  chapter: string,
  dataSet: DataSet,
  compression: CompressionPlan,
): readonly Case[] {
  return MATRIX.map(([length, seconds, fragmentBytes], index) => {
    const unit = dataSet.type === 'text' ? 'characters' : 'octets';
    const cut = fragmentBytes === 0 ? '' : `, each cut every ${fragmentBytes} compressed octets`;
    return {
      id: `${chapter}.${index + 1}`,
      description: `${MESSAGES} messages of ${length} ${unit} of ${dataSet.title}${cut}.`,
      expectation: 'Each message comes back as it was sent, compressed or not.',
      script: [],
      expected: { OK: [] },
      close: CLOSES_NORMALLY,
      act: compressedTurns(dataSet, length, seconds, fragmentBytes),
      compression: {
        ...compression,
        series: { name: `${dataSet.title} by ${length}`, messages: MESSAGES },
      },
      isHeavy: true,
      reportTime: true,
      reportCompressionRatio: true,
    };
  });
}

/** The lesson of a chapter about compression. */
export type Lesson = Pick<Chapter, 'id' | 'title' | 'source' | 'rule' | 'mistake'>;
