import { isValidCloseCode, NO_STATUS_CODE } from 'barewire/codec';
import { ABNORMAL } from 'barewire/connection';
import t from 'tap';
import { Pair } from '../support/connection-pair.ts';

t.test('uses codes in reports that may not travel', (t) => {
  t.equal(ABNORMAL, 1006);
  t.equal(isValidCloseCode(ABNORMAL), false);
  t.equal(isValidCloseCode(NO_STATUS_CODE), false);
  t.end();
});

t.test('says when the connection ended', (t) => {
  const pair = new Pair();
  pair.clock.nowMs = 1234;
  pair.server.connection.transportClosed();
  t.match(pair.server.report, { atMs: 1234, code: ABNORMAL, sentCode: undefined });
  t.end();
});
