import t from 'tap';
import {
  formatElement,
  readElement,
  resolveDeflatePolicy,
} from '../../lib/deflate/deflate-parameters.ts';

const NONE = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: undefined,
  clientMaxWindowBits: undefined,
};

t.test('reads the four parameters, in any order', (t) => {
  t.same(readElement([]), NONE);
  const element = readElement([
    { name: 'client_max_window_bits', value: undefined },
    { name: 'server_max_window_bits', value: '8' },
    { name: 'client_no_context_takeover', value: undefined },
    { name: 'server_no_context_takeover', value: undefined },
  ]);
  t.same(element, {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 8,
    clientMaxWindowBits: 'any',
  });
  t.end();
});

t.test('reads nothing from what is unknown, repeated, bad or too much', (t) => {
  const bits = { name: 'server_max_window_bits', value: '9' };
  const flag = { name: 'server_no_context_takeover', value: undefined };
  t.equal(readElement([{ name: 'other', value: undefined }]), undefined);
  t.equal(readElement([bits, bits]), undefined);
  t.equal(readElement([{ ...bits, value: '07' }]), undefined);
  t.equal(readElement([{ ...bits, value: undefined }]), undefined);
  t.equal(readElement([{ ...flag, value: '1' }]), undefined);
  t.equal(readElement(Array(5).fill(flag)), undefined);
  t.end();
});

t.test('writes what it reads', (t) => {
  t.equal(formatElement(NONE), 'permessage-deflate');
  t.equal(
    formatElement({
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 15,
      clientMaxWindowBits: 'any',
    }),
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; ' +
      'server_max_window_bits=15; client_max_window_bits',
  );
  t.end();
});

t.test('fills in what a policy leaves open', (t) => {
  t.same(resolveDeflatePolicy({ clientMaxWindowBits: 9 }), {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 9,
  });
  t.throws(() => resolveDeflatePolicy({ clientMaxWindowBits: 16 }), { code: 'invalid-option' });
  t.end();
});
