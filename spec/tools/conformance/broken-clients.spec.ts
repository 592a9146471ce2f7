import t from 'tap';
import { BROKEN_BEYOND, BROKEN_PEERS } from '../../../tools/conformance/broken-peers/index.ts';
import { PLAYABLE_BEYOND } from '../../../tools/conformance/broken-peers/simulate.ts';
import { checkAllBroken } from './check-broken.ts';

t.test('a broken client turns exactly the expected cases red', async (t) => {
  t.ok((await checkAllBroken(t, BROKEN_PEERS, 'client')) >= 90);
});

t.test('our own cases see what the original does not, in both roles', async (t) => {
  for (const role of ['server', 'client'] as const) {
    const count = await checkAllBroken(t, BROKEN_BEYOND, role, PLAYABLE_BEYOND);
    t.equal(count, BROKEN_BEYOND.length);
  }
});
