import t from 'tap';
import { fitsScheme, splitTarget } from '../../lib/server/exchange-target.ts';

// biome-ignore format: a table is read by its columns
const CASES: readonly (readonly [target: string, form: Parameters<typeof splitTarget>[1], path: string, search: string])[] = [
  ['/', 'origin', '/', ''],
  ['/a%2Fb//c/../d?q=1&q=2', 'origin', '/a%2Fb//c/../d', 'q=1&q=2'],
  ['/a?', 'origin', '/a', ''],
  ['/a?b?c', 'origin', '/a', 'b?c'],
  ['//evil.example/a', 'origin', '//evil.example/a', ''],
  ['/http://x/?y', 'origin', '/http://x/', 'y'],
  ['http://example.com', 'absolute', '/', ''],
  ['http://example.com/', 'absolute', '/', ''],
  ['http://example.com?q', 'absolute', '/', 'q'],
  ['http://example.com/a?q=/b', 'absolute', '/a', 'q=/b'],
  ['http://example.com?q=/b', 'absolute', '/', 'q=/b'],
  ['*', 'asterisk', '*', ''],
  ['example.com:443', 'authority', '', ''],
];

for (const [target, form, path, search] of CASES) {
  t.test(`splits ${target}`, (t) => {
    t.same(splitTarget(target, form), { path, search });
    t.end();
  });
}

t.test('knows the schemes of a connection with and without encryption', (t) => {
  for (const [target, fits, fitsSecure] of [
    ['http://a/', true, false],
    ['WS://a/', true, false],
    ['https://a/', false, true],
    ['wss://a/', false, true],
    ['ftp://a/', false, false],
    ['httpx://a/', false, false],
  ] as const) {
    t.same([fitsScheme(target, false), fitsScheme(target, true)], [fits, fitsSecure], target);
  }
  t.end();
});
