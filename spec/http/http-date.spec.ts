import { createDateSource, formatHttpDate, parseHttpDate } from 'barewire/http';
import t from 'tap';

t.test('writes IMF-fixdate', (t) => {
  t.equal(formatHttpDate(784_111_777_000), 'Sun, 06 Nov 1994 08:49:37 GMT');
  t.equal(formatHttpDate(0).length, 29);
  t.end();
});

t.test('formats once a second and follows the clock', (t) => {
  let now = 784_111_777_000;
  const date = createDateSource(() => now);
  const first = date();
  now += 999;
  t.equal(date(), first);
  now += 1;
  t.equal(date(), 'Sun, 06 Nov 1994 08:49:38 GMT');
  now -= 1000;
  t.equal(date(), first, 'also when the clock is set back');
  t.end();
});

const NOW = Date.UTC(2026, 0, 1);

t.test('reads all three forms [9110-5.6.7-1]', (t) => {
  for (const text of [
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ]) {
    t.equal(parseHttpDate(text, NOW), 784_111_777_000, text);
  }
  t.equal(parseHttpDate('Wed Nov 16 08:49:37 1994', NOW), 784_975_777_000);
  for (let day = 0; day < 60_000; day += 311) {
    const epochMs = day * 86_400_000 + ((day * 997_000) % 86_400_000);
    t.equal(parseHttpDate(formatHttpDate(epochMs), NOW), epochMs);
  }
  t.equal(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT', NOW), Date.UTC(2017, 0), 'a leap second');
  t.end();
});

t.test('two digits are the year that is not 50 years ahead [9110-5.6.7-4]', (t) => {
  const yearOf = (digits: string, now: number): number =>
    new Date(parseHttpDate(`Monday, 01-Jan-${digits} 00:00:00 GMT`, now)!).getUTCFullYear();
  t.equal(yearOf('26', NOW), 2026);
  t.equal(yearOf('76', NOW), 2076, 'exactly 50 years');
  t.equal(yearOf('77', NOW), 1977);
  t.equal(yearOf('99', NOW), 1999);
  t.equal(yearOf('00', NOW), 2000);
  t.equal(yearOf('40', Date.UTC(1990, 0)), 1940);
  t.equal(yearOf('41', Date.UTC(1990, 0)), 1941);
  t.end();
});

t.test('reads nothing into what is no time', (t) => {
  for (const text of [
    '',
    'now',
    '784111777',
    '1994-11-06T08:49:37Z',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 CET',
    'Sun,  06 Nov 1994 08:49:37 GMT',
    ' Sun, 06 Nov 1994 08:49:37 GMT',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 31 Nov 1994 08:49:37 GMT',
    'Sun, 29 Feb 1995 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nox 1994 08:49:37 GMT',
    'Sun, 06 Anf 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:00 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sun, 06-Nov-94 08:49:37 GMT',
    'Sun Nov 06 08:49:37 94',
  ]) {
    t.equal(parseHttpDate(text, NOW), undefined, text);
  }
  t.end();
});
