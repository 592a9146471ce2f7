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

t.test('reads the bits of windows from 8 to 15, in one way of writing [7692-7.1.2.1-2]', (t) => {
  for (const [written, bits] of [
    ['7', undefined],
    ['8', 8],
    ['9', 9],
    ['10', 10],
    ['15', 15],
    ['16', undefined],
    ['', undefined],
    ['08', undefined],
    ['+8', undefined],
    ['8 ', undefined],
    ['1e1', undefined],
  ] as const) {
    const client = readElement([{ name: 'client_max_window_bits', value: written }]);
    t.equal(client?.clientMaxWindowBits, bits, `client: ${written}`);
    const server = readElement([{ name: 'server_max_window_bits', value: written }]);
    t.equal(server?.serverMaxWindowBits, bits, `server: ${written}`);
  }
  t.end();
});

t.test('writes each number of bits so that it reads the same', (t) => {
  for (const clientMaxWindowBits of [8, 9, 10, 15, 'any'] as const) {
    const element = { ...NONE, clientMaxWindowBits };
    const value = clientMaxWindowBits === 'any' ? undefined : String(clientMaxWindowBits);
    t.same(readElement([{ name: 'client_max_window_bits', value }]), element);
    const suffix = value === undefined ? '' : `=${value}`;
    t.equal(formatElement(element), `permessage-deflate; client_max_window_bits${suffix}`);
  }
  t.end();
});

t.test('refuses a policy that says nothing clear', (t) => {
  for (const flag of [0, 1, 'false', null, {}] as unknown as boolean[]) {
    for (const name of ['serverNoContextTakeover', 'clientNoContextTakeover'] as const) {
      t.throws(() => resolveDeflatePolicy({ [name]: flag }), { code: 'invalid-option' });
    }
  }
  for (const bits of [7, 16, 8.5, Number.NaN, '9', null, true] as unknown as number[]) {
    for (const name of ['serverMaxWindowBits', 'clientMaxWindowBits'] as const) {
      t.throws(() => resolveDeflatePolicy({ [name]: bits }), { code: 'invalid-option' });
    }
  }
  t.throws(() => resolveDeflatePolicy({ windowBits: 9 } as object), { code: 'invalid-option' });
  const flags = { serverNoContextTakeover: true, clientNoContextTakeover: true };
  const windows = { serverMaxWindowBits: 8, clientMaxWindowBits: 15 };
  t.same(resolveDeflatePolicy({ ...flags, ...windows }), { ...flags, ...windows });
  t.end();
});
