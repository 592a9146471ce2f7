import { hasHandler } from 'barewire/peer';
import t from 'tap';

t.test('tells an endpoint that reads by call-backs from one that does not', (t) => {
  t.equal(hasHandler({}), false);
  t.equal(hasHandler({ message: undefined } as never), false);
  for (const name of ['open', 'message', 'stream', 'drain', 'ping', 'pong', 'close']) {
    t.equal(hasHandler({ [name]: () => {} }), true, name);
  }
  t.end();
});
