/**
 * The broken peers: proof that the suite can fail, and that it fails where it should.
 */
import type { BrokenPeer } from './broken-peer.ts';
import { BROKEN_CLOSES } from './closes.ts';
import { BROKEN_DEFLATES } from './deflates.ts';
import { BROKEN_ENDINGS } from './endings.ts';
import { BROKEN_FRAMING } from './framing.ts';
import { BROKEN_PINGS } from './pings.ts';
import { BROKEN_RULES } from './rules.ts';
import { BROKEN_SLIPS } from './slips.ts';
import { BROKEN_TEXTS } from './texts.ts';

export { BROKEN_BEYOND } from './beyond.ts';

/** Those that the cases of the original must see. */
export const BROKEN_PEERS: readonly BrokenPeer[] = [
  ...BROKEN_FRAMING,
  ...BROKEN_RULES,
  ...BROKEN_PINGS,
  ...BROKEN_TEXTS,
  ...BROKEN_CLOSES,
  ...BROKEN_ENDINGS,
  ...BROKEN_DEFLATES,
  ...BROKEN_SLIPS,
];
