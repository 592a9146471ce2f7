/** The targets at work for a moment, from their seeds and their committed corpora. */
import t from 'tap';
import { TARGETS } from '../../fuzz/targets.ts';
import { runFuzzer } from '../support/fuzzer.ts';

t.test('finds nothing in the sources as they are, in a moment', async (t) => {
  const { status, output } = await runFuzzer('smoke');
  t.equal(status, 0, output.replaceAll('\n', ' '));
  for (const name of Object.keys(TARGETS).filter((name) => !name.startsWith('canary'))) {
    t.match(output, new RegExp(`^${name}: \\d+ runs`, 'm'));
  }
});

t.test('finds nothing in the running server, in a moment', async (t) => {
  const { status, output } = await runFuzzer('server', '--runs', '25');
  t.equal(status, 0, output.replaceAll('\n', ' '));
  t.match(output, /^server: \d\d+ conversations in 25 batches, .* \d\d+ requests/m);
});

t.test('does the same with the same seed, and runs a single input', async (t) => {
  const summary = async (): Promise<string> => {
    const { output } = await runFuzzer('utf8', '--runs', '3000', '--seed', '5');
    return output.replace(/ in .*?\)/, '').replace(/slowest.*/, '');
  };
  t.equal(await summary(), await summary());
  const { output } = await runFuzzer('utf8', '--input', '\\xed\\xa0');
  t.match(output, /every invariant holds/);
});

t.test('explains a wrong command line', async (t) => {
  t.match(await runFuzzer('nothing'), { status: 2, output: /^no target nothing: utf8/ });
  for (const [wrong, text] of [
    [['--runs', 'many'], /^--runs takes a whole number, not many\n$/],
    [['--fault', 'none'], /^no fault none\n$/],
    [['--save', '--fault', 'utf8-surrogates'], /^what a fault brings is not saved\n$/],
    [['--nope'], /^Unknown option '--nope'.*--help lists what there is\n$/s],
  ] as const) {
    t.match(await runFuzzer('utf8', ...wrong), { status: 2, output: text });
  }
  t.match(await runFuzzer('list'), { status: 0, output: /targets: utf8/ });
  t.match(await runFuzzer('--help'), { status: 0, output: /fuzzes one target/ });
});
