import {
  A_BOOLEAN,
  A_FUNCTION,
  A_STRING,
  AN_ABORT_SIGNAL,
  AN_OBJECT,
  ANYTHING,
  checkOptions,
  haveValues,
  UsageError,
} from 'barewire/base';
import t from 'tap';

const TABLE = {
  maxBytes: ANYTHING,
  isFast: A_BOOLEAN,
  name: A_STRING,
  done: A_FUNCTION,
  more: AN_OBJECT,
  signal: AN_ABORT_SIGNAL,
};

function refusalOf(options: unknown): string {
  try {
    checkOptions(options, TABLE);
  } catch (error) {
    if (error instanceof UsageError && error.code === 'invalid-option') return error.message;
    throw error;
  }
  return '';
}

t.test('takes what is of its kind, what is not there, and an object without a prototype', (t) => {
  const { signal } = new AbortController();
  for (const good of [
    {},
    { maxBytes: null, isFast: false, name: '', done: () => {}, more: {}, signal },
    { isFast: undefined },
    Object.assign(Object.create(null), { name: 'x' }),
  ]) {
    t.equal(refusalOf(good), '');
  }
  t.end();
});

t.test('refuses what is of another kind, null included', (t) => {
  t.equal(refusalOf({ isFast: 1 }), 'isFast must be true or false');
  t.equal(refusalOf({ name: null }), 'name must be a string');
  t.equal(refusalOf({ done: {} }), 'done must be a function');
  t.equal(refusalOf({ more: null }), 'more must be an object');
  t.equal(refusalOf({ signal: {} }), 'signal must be an AbortSignal');
  for (const bad of [null, undefined, 5, 'x', () => {}, []])
    t.match(refusalOf(bad), /^options must be/);
  t.end();
});

t.test('refuses unknown names, and says which one may be meant', (t) => {
  t.equal(refusalOf({ maxbytes: 1 }), 'options know no maxbytes; did you mean maxBytes?');
  t.equal(refusalOf({ maxByte: undefined }), 'options know no maxByte; did you mean maxBytes?');
  t.equal(refusalOf({ naem: '' }), 'options know no naem; did you mean name?');
  t.equal(refusalOf({ colour: 1 }), 'options know no colour');
  t.equal(refusalOf({ x: 1 }), 'options know no x');
  t.equal(refusalOf({ ['n'.repeat(65)]: 1 }), `options know no ${'n'.repeat(65)}`);
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    const options: unknown = JSON.parse(`{"${name}":1}`);
    t.match(refusalOf(options), /^options know no/, name);
  }
  t.end();
});

t.test('an object of a class may have fields of its own, and its options are checked', (t) => {
  class Mine {
    rooms = 1;
    name: unknown = 'x';
  }
  t.equal(refusalOf(new Mine()), '');
  t.equal(refusalOf(Object.assign(new Mine(), { name: 5 })), 'name must be a string');
  t.end();
});

t.test('compares options with values, one for each name', (t) => {
  const options: { a?: unknown; b?: unknown } = { a: 1, b: 'x' };
  t.ok(haveValues(options, ['a', 'b'], [1, 'x']));
  t.ok(haveValues(options, ['b'], ['x']), 'and no other name');
  t.ok(haveValues(Object.create(options) as typeof options, ['a'], [1]), 'inherited ones, too');
  t.ok(haveValues({} as typeof options, ['a'], [undefined]), 'none is undefined');
  t.notOk(haveValues(options, ['a', 'b'], [1, 'y']));
  t.notOk(haveValues({ a: {} }, ['a'], [{}]), 'by identity');
  t.notOk(haveValues({ a: Number.NaN }, ['a'], [Number.NaN]), 'NaN is never known');
  t.end();
});
