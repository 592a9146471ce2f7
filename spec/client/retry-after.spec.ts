import { formatHttpDate } from 'barewire/http';
import t from 'tap';
import { readRetryAfter } from '../../lib/client/retry-after.ts';

const NOW = Date.UTC(2030, 0, 1);

t.test('reads seconds, and dates against the time of day', (t) => {
  t.equal(readRetryAfter('120', NOW), 120_000);
  t.equal(readRetryAfter('0', NOW), 0);
  t.equal(readRetryAfter(formatHttpDate(NOW + 90_000), NOW), 90_000);
  t.equal(readRetryAfter(formatHttpDate(NOW - 90_000), NOW), 0);
  t.equal(readRetryAfter('Tuesday, 01-Jan-30 00:01:30 GMT', NOW), 90_000);
  t.equal(readRetryAfter('Tue Jan  1 00:01:30 2030', NOW), 90_000);
  t.end();
});

t.test('takes what makes no sense for nothing', (t) => {
  const nonsense = [undefined, '', '-1', '1.5', '1e3', '0x10', ' 5', 'soon', '120, 120'];
  const dates = ['2030-01-01', 'Tue, 99 Jan 2030 00:00:00 GMT', 'Tue, 01 Jan 2030 00:00:00 CET'];
  for (const value of [...nonsense, ...dates, '9'.repeat(400)]) {
    t.equal(readRetryAfter(value, NOW), undefined, String(value));
  }
  t.end();
});
