import {
  buildOffer,
  checkResponse,
  type DeflatePolicy,
  negotiateServer,
  parseExtensionList,
} from 'barewire/deflate';
import t from 'tap';

const PMD = 'permessage-deflate';

/** offer, policy of the server, response (`undefined`: declined), requirement. */
type ServerRow = readonly [
  offer: string,
  policy: DeflatePolicy,
  response: string | undefined,
  requirements: string,
];

const SERVER: readonly ServerRow[] = [
  [PMD, {}, PMD, '7692-4-2 7692-5-10 7692-7-1'],
  [`${PMD}; client_max_window_bits`, {}, PMD, '7692-7.1.2.2-1 7692-5-8'],
  [
    `${PMD}; server_no_context_takeover`,
    {},
    `${PMD}; server_no_context_takeover`,
    '7692-7.1.1.1-3 7692-7.1.1.1-5 7692-5-5',
  ],
  [
    `${PMD}; client_no_context_takeover`,
    {},
    `${PMD}; client_no_context_takeover`,
    '7692-7.1.1.2-3',
  ],
  [
    `${PMD}; server_max_window_bits=10`,
    {},
    `${PMD}; server_max_window_bits=10`,
    '7692-7.1.2.1-5 7692-7.1.2.1-6 7692-5-6',
  ],
  [
    `${PMD}; server_max_window_bits=8`,
    {},
    `${PMD}; server_max_window_bits=8`,
    '7692-7.1.2.1-3 7692-5-11 7692-7-6',
  ],
  [`${PMD}; server_max_window_bits=15`, {}, `${PMD}; server_max_window_bits=15`, '7692-7.1.2.1-5'],
  [`${PMD}; server_max_window_bits="12"`, {}, `${PMD}; server_max_window_bits=12`, '6455-9.1-2'],
  [
    `${PMD}; client_max_window_bits=9`,
    {},
    `${PMD}; client_max_window_bits=9`,
    '7692-7.1.2.2-6 7692-7.1.2.2-7',
  ],
  [`${PMD}; client_max_window_bits=15`, {}, PMD, '7692-7.1.2.2-5'],
  // The server's own wishes.
  [PMD, { serverNoContextTakeover: true }, `${PMD}; server_no_context_takeover`, '7692-7.1.1.1-6'],
  [PMD, { clientNoContextTakeover: true }, `${PMD}; client_no_context_takeover`, '7692-7.1.1.2-3'],
  [PMD, { serverMaxWindowBits: 11 }, `${PMD}; server_max_window_bits=11`, '7692-7.1.2.1-7'],
  [
    `${PMD}; server_max_window_bits=10`,
    { serverMaxWindowBits: 12 },
    `${PMD}; server_max_window_bits=10`,
    '7692-7.1.2.1-5',
  ],
  [
    `${PMD}; server_max_window_bits=15`,
    { serverMaxWindowBits: 12 },
    `${PMD}; server_max_window_bits=12`,
    '7692-7.1.2.1-5',
  ],
  [
    `${PMD}; client_max_window_bits`,
    { clientMaxWindowBits: 10 },
    `${PMD}; client_max_window_bits=10`,
    '7692-5-9',
  ],
  [
    `${PMD}; client_max_window_bits=9`,
    { clientMaxWindowBits: 10 },
    `${PMD}; client_max_window_bits=9`,
    '7692-7.1.2.2-6',
  ],
  [PMD, { clientMaxWindowBits: 10 }, undefined, '7692-7.1.2.2-8 7692-5.1-2'],
  // Several offers: the first acceptable one.
  [
    `${PMD}; server_max_window_bits=10, ${PMD}`,
    {},
    `${PMD}; server_max_window_bits=10`,
    '7692-5-2 7692-5-3 7692-5-4 6455-9.1-8',
  ],
  [`${PMD}; foo, ${PMD}`, {}, PMD, '7692-7-3'],
  [
    `${PMD}, ${PMD}; client_max_window_bits`,
    { clientMaxWindowBits: 12 },
    `${PMD}; client_max_window_bits=12`,
    '7692-5-4',
  ],
  [`foo; bar, ${PMD}`, {}, PMD, '6455-9-2'],
  ['foo', {}, undefined, '7692-5-18 6455-9-3 6455-4.2.2-16'],
  // No other extension is ever accepted beside it.
  [`x-webkit-deflate-frame, ${PMD}, mux`, {}, PMD, '7692-5-13 7692-5-15 7692-5-16'],
  [
    `${PMD}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=11`,
    {},
    `${PMD}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=11`,
    '7692-7-1 7692-5.1-1 6455-9-4 6455-9.1-9',
  ],
  // Names are compared exactly.
  ['Permessage-Deflate', {}, undefined, '7692-7-1'],
  [`${PMD}; Server_No_Context_Takeover`, {}, undefined, '7692-7-3'],
  [`${PMD}; __proto__`, {}, undefined, '7692-7-3'],
  // Flags have no value.
  [`${PMD}; server_no_context_takeover=1`, {}, undefined, '7692-7-4 7692-7.1.1.1-2'],
  [`${PMD}; client_no_context_takeover=true`, {}, undefined, '7692-7-4 7692-7.1.1.2-2'],
  // server_max_window_bits must have one.
  [`${PMD}; server_max_window_bits`, {}, undefined, '7692-7.1.2.1-2'],
  // Nothing stands there twice.
  [`${PMD}; server_no_context_takeover; server_no_context_takeover`, {}, undefined, '7692-7-5'],
  [`${PMD}; client_max_window_bits=9; client_max_window_bits=9`, {}, undefined, '7692-7-5'],
  [`${PMD}; client_max_window_bits; client_max_window_bits=9`, {}, undefined, '7692-7-5'],
];

for (const [offer, policy, response, requirements] of SERVER) {
  const verb = response === undefined ? 'declines' : 'accepts';
  t.test(`server ${verb} ${offer} under ${JSON.stringify(policy)} [${requirements}]`, (t) => {
    t.equal(negotiateServer(parseExtensionList(offer), policy)?.response, response);
    t.end();
  });
}

const BAD_BITS = [
  '0',
  '7',
  '16',
  '99',
  '010',
  '08',
  '1e1',
  '0xa',
  '+10',
  '-10',
  '10.0',
  '4294967306',
  'a',
  '"07"',
  '"16"',
];

for (const bits of BAD_BITS) {
  t.test(`declines window bits ${bits} [7692-7-4 7692-7.1.2.2-2]`, (t) => {
    for (const name of ['server_max_window_bits', 'client_max_window_bits']) {
      t.equal(negotiateServer(parseExtensionList(`${PMD}; ${name}=${bits}`)), undefined);
      const offers = parseExtensionList(buildOffer());
      const response = parseExtensionList(`${PMD}; ${name}=${bits}`);
      t.throws(() => checkResponse(response, offers), { code: 'bad-extension' });
    }
    t.end();
  });
}

t.test('sizes the inflater by what was agreed, not by what was hinted [7692-5-9]', (t) => {
  const accepted = negotiateServer(parseExtensionList(`${PMD}; client_max_window_bits`));
  t.equal(accepted?.parameters.clientMaxWindowBits, 15);
  const bound = negotiateServer(parseExtensionList(`${PMD}; client_max_window_bits=9`));
  t.equal(bound?.parameters.clientMaxWindowBits, 9);
  t.end();
});

t.test('refuses a bad policy instead of coercing it', (t) => {
  for (const bits of [0, 7, 16, 9.5, Number.NaN, '9']) {
    for (const name of ['serverMaxWindowBits', 'clientMaxWindowBits']) {
      const policy = { [name]: bits } as DeflatePolicy;
      t.throws(() => negotiateServer([], policy), { code: 'invalid-option' });
      t.throws(() => buildOffer(policy), { code: 'invalid-option' });
    }
  }
  const policy = { serverNoContextTakeover: 'yes' } as unknown as DeflatePolicy;
  t.throws(() => negotiateServer([], policy), { code: 'invalid-option' });
  t.end();
});

const OFFERS: readonly (readonly [
  policies: readonly DeflatePolicy[],
  offer: string,
  id: string,
])[] = [
  [[], `${PMD}; client_max_window_bits`, '7692-5-1 7692-7.1.2.2-3'],
  [
    [{ serverNoContextTakeover: true }],
    `${PMD}; server_no_context_takeover; client_max_window_bits`,
    '7692-7.1.1.1-1',
  ],
  [
    [{ clientNoContextTakeover: true }],
    `${PMD}; client_no_context_takeover; client_max_window_bits`,
    '7692-7.1.1.2-1',
  ],
  [
    [{ serverMaxWindowBits: 10, clientMaxWindowBits: 9 }],
    `${PMD}; server_max_window_bits=10; client_max_window_bits=9`,
    '7692-5-7 7692-7.1.2.1-1',
  ],
  [
    [{ serverMaxWindowBits: 10 }, {}],
    `${PMD}; server_max_window_bits=10; client_max_window_bits, ${PMD}; client_max_window_bits`,
    '7692-5-2',
  ],
];

for (const [policies, offer, id] of OFFERS) {
  t.test(`offers ${offer} [${id}]`, (t) => {
    t.equal(buildOffer(...policies), offer);
    t.end();
  });
}

/** offer, response, what the client then uses (`undefined`: it fails the connection). */
type ClientRow = readonly [offer: string, response: string, uses: object | undefined, id: string];

const DEFAULTS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
const ANY = `${PMD}; client_max_window_bits`;

const CLIENT: readonly ClientRow[] = [
  [ANY, PMD, DEFAULTS, '7692-5-12 7692-7.1.2.1-4'],
  [
    ANY,
    `${PMD}; server_no_context_takeover`,
    { ...DEFAULTS, serverNoContextTakeover: true },
    '7692-7.1.1.1-6',
  ],
  [
    ANY,
    `${PMD}; client_no_context_takeover`,
    { ...DEFAULTS, clientNoContextTakeover: true },
    '7692-7.1.1.2-6',
  ],
  [
    ANY,
    `${PMD}; server_max_window_bits=9`,
    { ...DEFAULTS, serverMaxWindowBits: 9 },
    '7692-7.1.2.1-7',
  ],
  [
    ANY,
    `${PMD}; client_max_window_bits=8`,
    { ...DEFAULTS, clientMaxWindowBits: 8 },
    '7692-7.1.2.2-3',
  ],
  [
    `${PMD}; client_max_window_bits=10`,
    PMD,
    { ...DEFAULTS, clientMaxWindowBits: 10 },
    '7692-7.1.2.2-4',
  ],
  [
    `${PMD}; client_max_window_bits=10`,
    `${PMD}; client_max_window_bits=12`,
    { ...DEFAULTS, clientMaxWindowBits: 10 },
    '7692-7.1.2.2-4 7692-7.2.2-11',
  ],
  [
    `${PMD}; client_no_context_takeover; client_max_window_bits`,
    PMD,
    { ...DEFAULTS, clientNoContextTakeover: true },
    '7692-7.1.1.2-1',
  ],
  [
    `${PMD}; server_max_window_bits=10, ${ANY}`,
    `${PMD}; client_max_window_bits=12`,
    { ...DEFAULTS, clientMaxWindowBits: 12 },
    '7692-5-12',
  ],
  [PMD, `${PMD}; client_max_window_bits=12`, undefined, '7692-7.1.2.2-8'],
  [ANY, `${PMD}; client_max_window_bits`, undefined, '7692-7-8'],
  [ANY, `${PMD}; server_max_window_bits`, undefined, '7692-7-8'],
  [ANY, `${PMD}; foo`, undefined, '7692-7-7 6455-9.1-5'],
  [ANY, `${PMD}; server_no_context_takeover; server_no_context_takeover`, undefined, '7692-7-9'],
  [
    `${PMD}; server_max_window_bits=10`,
    `${PMD}; server_max_window_bits=11`,
    undefined,
    '7692-7-10',
  ],
  [`${PMD}; server_max_window_bits=10`, PMD, undefined, '7692-7-10'],
  [`${PMD}; server_no_context_takeover`, PMD, undefined, '7692-7-10'],
  ['foo', PMD, undefined, '7692-5-20 6455-4.1-48'],
  [ANY, 'foo', undefined, '7692-5-20 6455-4.1-48'],
  [ANY, `${PMD}, ${PMD}`, undefined, '7692-5-14'],
  [ANY, `${PMD}, foo`, undefined, '7692-5-17'],
];

for (const [offer, response, uses, id] of CLIENT) {
  t.test(`client with ${offer} ${uses ? 'takes' : 'fails on'} ${response} [${id}]`, (t) => {
    const check = () => checkResponse(parseExtensionList(response), parseExtensionList(offer));
    // It fails before it is open; where a close frame can be sent, 1010 says why.
    if (uses === undefined) t.throws(check, { code: 'bad-extension', closeCode: 1010 });
    else t.same(check(), uses);
    t.end();
  });
}

t.test('client goes on without compression when the server declines [7692-5-19]', (t) => {
  t.equal(checkResponse([], parseExtensionList(buildOffer())), undefined);
  t.end();
});
