import t from 'tap';
import { PLAYABLE_BEYOND, simulateAll } from '../../../tools/conformance/broken-peers/simulate.ts';
import { SOUND_PEERS } from '../../../tools/conformance/broken-peers/sound.ts';

/** Large transfers that every sound peer is given, small enough for a simulation. */
const SOME_HEAVY = '9.1.1 9.2.2 9.3.3 9.4.9 9.5.6 9.7.2 9.8.1 12.1.1 12.2.2 12.5.1 13.*.1 13.3.3';

t.test('a correct peer turns no case red, however unusual it is', async (t) => {
  for (const [name, Peer] of Object.entries(SOUND_PEERS)) {
    for (const role of ['server', 'client'] as const) {
      const heavy = name === 'plain' || name === 'never compresses' ? SOME_HEAVY : '9.1.1';
      const none = { red: [], pale: [] };
      t.same(await simulateAll(Peer, role, heavy), none, `${name}, as ${role}`);
      const own = await simulateAll(Peer, role, 'b2.4.*', PLAYABLE_BEYOND);
      t.same(own, none, 'nor one of our own');
    }
  }
});
