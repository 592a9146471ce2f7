import { hasFastPath } from 'barewire/base';
import t from 'tap';
import { ShortViews } from '../../lib/codec/short-views.ts';

t.test('gives the first bytes of a memory, the same view for the same length', (t) => {
  const views = new ShortViews();
  const memory = Buffer.alloc(3_000, 'abc');
  for (const length of [0, 1, 1_024, 2_047, 2_048, 2_049, 3_000]) {
    const view = views.view(memory, 0, length);
    t.equal(view.length, length);
    t.equal(view.buffer, memory.buffer);
    t.equal(view.byteOffset, memory.byteOffset);
    const isKept = hasFastPath('short-views') && length <= 2_048;
    t.equal(views.view(memory, 0, length) === view, isKept, `${length}`);
    t.equal(views.has(view), isKept);
  }
  t.end();
});

t.test('keeps no view that begins elsewhere', (t) => {
  const views = new ShortViews();
  const memory = Buffer.from('abcdef');
  const view = views.view(memory, 2, 4);
  t.equal(view.toString(), 'cd');
  t.notOk(views.has(view));
  t.equal(views.view(memory, 0, 4).toString(), 'abcd');
  t.end();
});

t.test('knows no view of another memory, nor one that it has not given', (t) => {
  const views = new ShortViews();
  const memory = Buffer.alloc(100);
  t.notOk(views.has(memory.subarray(0, 5)));
  const old = views.view(memory, 0, 5);
  t.notOk(views.has(memory.subarray(0, 5)));
  const other = Buffer.alloc(100, 1);
  t.equal(views.view(other, 0, 5)[0], 1);
  t.notOk(views.has(old));
  t.equal(views.view(memory, 0, 5)[0], 0);
  t.end();
});
