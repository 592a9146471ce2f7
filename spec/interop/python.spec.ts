/** Python's implementations. What is not installed is skipped, and says so. */
import t from 'tap';
import { autobahn, pythonWebsockets } from './peers/programs.ts';
import { cannotTalk, talkWith } from './talk.ts';

const BOTH = ['server', 'client'];
const ROLES = new Map([
  [pythonWebsockets, BOTH],
  [autobahn, BOTH],
]);

for (const [foreign, roles] of ROLES) {
  t.test(foreign.name, { skip: cannotTalk(foreign) }, async (t) => {
    t.strictSame(await talkWith(t, foreign), roles);
  });
}
