import t from 'tap';
import { BROKEN_BEYOND, BROKEN_PEERS } from '../../../tools/conformance/broken-peers/index.ts';
import { checkAllBroken } from './check-broken.ts';

t.test('there are forty broken peers and more, each with a name of its own', (t) => {
  t.ok(BROKEN_PEERS.length >= 40, `${BROKEN_PEERS.length} of them`);
  const names = [...BROKEN_PEERS, ...BROKEN_BEYOND].map(({ name }) => name);
  t.equal(new Set(names).size, names.length);
  t.end();
});

t.test('a broken server turns exactly the expected cases red', async (t) => {
  t.ok((await checkAllBroken(t, BROKEN_PEERS, 'server')) >= 90);
});
