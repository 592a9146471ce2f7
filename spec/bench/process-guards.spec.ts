/** The load generator takes nothing for done that is not: each fault of a server is an error. */
import t from 'tap';
import {
  broadcast,
  echo,
  eventFanOut,
  handshakes,
  type Measure,
  requests,
} from '../../bench/process/scenarios.ts';
import { measure } from '../support/bench.ts';

const script = '../../../spec/support/faulty-server.js';

// Many processes, one after the other: on a busy machine each takes seconds to start.
t.setTimeout(300_000);

/** What the measurement of a server with such a fault says; undefined when it found none. */
async function errorOf(fault: string, what: Measure): Promise<string | undefined> {
  const row = await measure([{ name: fault, script, env: { FAULT: fault } }], what);
  return row.entries[0]!.error;
}

const EVENTS = eventFanOut(3, 4);
const BROADCASTS = broadcast(3, 1, 4);
const HANDSHAKES = handshakes(20);
const REQUESTS = requests({ connections: 1, requests: 10, bodyBytes: 30 });
const ECHOES = echo({
  payloadBytes: 200,
  connections: 1,
  inFlight: 1,
  messages: 10,
  kind: 'text',
});

t.test('a server without a fault passes', async (t) => {
  for (const what of [EVENTS, BROADCASTS, HANDSHAKES, REQUESTS]) {
    t.equal(await errorOf('none', what), undefined);
  }
});

t.test('events must be events, the same at every stream, and no more of them', async (t) => {
  t.match(await errorOf('comments', EVENTS), 'wrong delivery: 3a0a0a');
  t.match(await errorOf('other text', EVENTS), 'client 2: wrong delivery');
  t.match(await errorOf('surplus', EVENTS), 'more came than was sent');
});

t.test('broadcasts must be the message, at every client, and no more of it', async (t) => {
  t.match(await errorOf('other text', BROADCASTS), 'client 2: wrong delivery');
  t.match(await errorOf('twice', BROADCASTS), 'more came than was sent');
});

t.test('handshakes must have their accept value, and their close frame', async (t) => {
  t.match(await errorOf('accept', HANDSHAKES), 'wrong accept value');
  t.match(await errorOf('early', HANDSHAKES), '1 bytes too many after the handshake');
  t.match(await errorOf('no close', HANDSHAKES), /^wrong answer to a close: $/);
  t.match(await errorOf('code', HANDSHAKES), 'wrong answer to a close: 880203e9');
});

t.test('answers must have status, length and body, each of them', async (t) => {
  t.match(await errorOf('status', REQUESTS), 'wrong answer: HTTP/1.1 500 No');
  t.match(await errorOf('body', REQUESTS), 'wrong answer: HTTP/1.1 200');
  t.match(await errorOf('length', REQUESTS), 'wrong answer: a content length of 29');
  t.match(await errorOf('late surplus', REQUESTS), 'wrong answer: 1 bytes too many');
});

t.test('echoes must not have a byte too many', async (t) => {
  t.equal(await errorOf('none', ECHOES), undefined);
  t.match(await errorOf('echo surplus', ECHOES), 'more came back than was sent');
  // Two to warm up, and ten; on a busy machine it is read together with the last of these.
  t.match(await errorOf('after the last', ECHOES), /^more came (back )?than was sent/);
});
