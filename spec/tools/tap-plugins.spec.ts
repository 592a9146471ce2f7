import t from 'tap';
import { isPluginSet } from '../../tools/checks/tap-plugins.ts';

const module = (names: readonly string[], start = 'export const signature'): string =>
  `import x from "@tapjs/typescript";\n// ${start} = ''\n${start} = \`${names.join('\n')}\`;\nrest`;

t.test('sees whether a plugin that is not wanted was built in', (t) => {
  const wanted = ['!@tapjs/typescript'];
  t.equal(
    isPluginSet(module(['@tapjs/after', '@tapjs/typescript', '@tapjs/worker']), wanted),
    false,
  );
  t.equal(isPluginSet(module(['@tapjs/after', '@tapjs/worker']), wanted), true);
  t.equal(isPluginSet(module(['@tapjs/after'], 'exports.signature'), wanted), true);
  t.end();
});

t.test('sees whether a plugin that is wanted is missing', (t) => {
  t.equal(isPluginSet(module(['@tapjs/after']), ['@tapjs/clock']), false);
  t.equal(isPluginSet(module(['@tapjs/after', '@tapjs/clock']), ['@tapjs/clock']), true);
  t.end();
});

t.test('does not trust a module without a signature', (t) => {
  t.equal(isPluginSet('export {}', ['!@tapjs/typescript']), false);
  t.equal(isPluginSet('', []), false);
  t.end();
});
