import t from 'tap';
import { Progress } from '../../../tools/conformance/progress.ts';
import { fakeResult } from './results.ts';

t.test('a case that is run anew counts once, and the line is ended once', (t) => {
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  const plain = new Progress({ write }, 'x', 2);
  plain.add(fakeResult('2.1', 'FAILED'));
  plain.add(fakeResult('2.1'));
  plain.add(fakeResult('2.2'));
  plain.add(fakeResult('2.2'));
  plain.stop();
  t.same(written.splice(0), ['x 2/2 · OK 2\n']);
  const terminal = new Progress({ write, isTTY: true }, 'x', 2);
  terminal.stop();
  t.same(written, [], 'nothing was begun');
  terminal.add(fakeResult('2.1', 'FAILED'));
  t.match(written.splice(0), [/█░.* x 1\/2 · FAILED 1 · 1 not fine · 2\.1$/]);
  terminal.stop();
  terminal.stop();
  t.same(written, ['\n']);
  t.end();
});
