/** What the tables say themselves; spec/requirements/option-sets asks every door about them. */
import { ACCEPT_POLICY, HANDLERS, PEER_OPTIONS } from 'barewire/peer';
import t from 'tap';
import { BROADCAST_OPTIONS, SEND_OPTIONS, START_OPTIONS } from '../../lib/peer/option-tables.ts';

t.test('no name means two things where tables are joined', (t) => {
  const names = [PEER_OPTIONS, ACCEPT_POLICY, HANDLERS].flatMap((table) => Object.keys(table));
  t.equal(new Set(names).size, names.length);
  t.end();
});

t.test('subprotocols are an array of names', (t) => {
  const { fits } = ACCEPT_POLICY.protocols;
  t.equal(fits(['a', 'b']), true);
  for (const bad of ['a', [1], null, {}]) t.equal(fits(bad), false, JSON.stringify(bad));
  t.end();
});

t.test('a message is text or binary, and a signal is for one peer', (t) => {
  t.equal(SEND_OPTIONS.type.fits('text') && SEND_OPTIONS.type.fits('binary'), true);
  t.equal(SEND_OPTIONS.type.fits('blob'), false);
  t.notOk('signal' in BROADCAST_OPTIONS);
  t.strictSame(Object.keys(START_OPTIONS), ['compress', 'copy']);
  t.end();
});
