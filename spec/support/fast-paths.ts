/** What specs must know about the switch of lib/base/fast-paths.ts. */
import { HAS_FAST_PATHS } from 'barewire/base';

/** Options of a test that shows what a fast path saves: without it there is nothing to show. */
export const ONLY_FAST: { readonly skip?: string } = HAS_FAST_PATHS
  ? {}
  : { skip: 'fast paths are off' };
