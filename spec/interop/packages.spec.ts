/** Implementations that run in this process. */
import t from 'tap';
import { faye } from './peers/faye.ts';
import { undici } from './peers/undici.ts';
import { webSocketNode } from './peers/websocket.ts';
import { ws } from './peers/ws.ts';
import { cannotTalk, talkWith } from './talk.ts';

const BOTH = ['server', 'client'];
const ROLES = new Map([
  [ws, BOTH],
  [faye, BOTH],
  [webSocketNode, BOTH],
  [undici, ['client']],
]);

for (const [foreign, roles] of ROLES) {
  t.test(foreign.name, { skip: cannotTalk(foreign) }, async (t) => {
    t.strictSame(await talkWith(t, foreign), roles);
  });
}
