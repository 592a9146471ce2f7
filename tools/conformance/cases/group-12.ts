/**
 * Group 12, compression with different payloads [RFC 7692 §7]: five data sets, the parameters left
 * at their defaults, eighteen shapes of message each.
 *
 * Data that compresses well, hardly, or not at all takes different ways through a deflate codec:
 * short matches, long ones, stored blocks.
 */
import { DATA_SETS, type DataSet } from '../data-sets.ts';
import type { Chapter, CompressionPlan, Group } from '../model.ts';
import { compressionCases } from './compressed-turns.ts';

const PLAN: CompressionPlan = {
  offer: 'permessage-deflate; client_no_context_takeover; client_max_window_bits',
  accept: [{ clientNoContextTakeover: false }],
};

const chapter = (id: string, dataSet: DataSet, title: string, mistake: string): Chapter => ({
  id,
  title,
  source: 'RFC 7692 §7.2.1',
  rule:
    'A compressed message is deflated, ends with an empty stored block whose last four octets ' +
    '(00 00 FF FF) are left out, and carries RSV1 on its first frame. The next message may ' +
    'refer to the ones before it.',
  mistake,
  cases: compressionCases(id, dataSet, PLAN),
});

/** Compression of different payloads. */
export const GROUP_12: Group = {
  id: '12',
  title: 'WebSocket Compression (different payloads)',
  chapters: [
    chapter(
      '12.1',
      DATA_SETS.json,
      'JSON',
      'Resets the window between messages though both sides agreed to keep it.',
    ),
    chapter(
      '12.2',
      DATA_SETS.bitmap,
      'A bitmap',
      'Sizes its output by its input, and fails where deflate makes a message longer.',
    ),
    chapter(
      '12.3',
      DATA_SETS.prose,
      'Prose as binary',
      'Believes that compressed means text, and checks binary messages for UTF-8.',
    ),
    chapter(
      '12.4',
      DATA_SETS.html,
      'HTML beyond ASCII',
      'Checks the compressed octets for UTF-8 instead of the text.',
    ),
    chapter(
      '12.5',
      DATA_SETS.document,
      'A document that is compressed already',
      'Mishandles stored blocks, which is what deflate falls back to.',
    ),
  ],
};
