import assert from 'node:assert/strict';
import {
  buildOffer,
  checkResponse,
  type DeflatePolicy,
  negotiateServer,
  parseExtensionList,
} from 'barewire/deflate';
import fc from 'fast-check';
import t from 'tap';
import { runs } from '../support/laws.ts';

const bits = fc.integer({ min: 8, max: 15 });
const policy: fc.Arbitrary<DeflatePolicy> = fc.record(
  {
    serverNoContextTakeover: fc.boolean(),
    clientNoContextTakeover: fc.boolean(),
    serverMaxWindowBits: bits,
    clientMaxWindowBits: bits,
  },
  { requiredKeys: [] },
);
const offers = fc.array(policy, { minLength: 1, maxLength: 3 });

t.test('our client and our server agree on the same parameters', (t) => {
  fc.assert(
    fc.property(offers, policy, (wanted, allowed) => {
      const offered = parseExtensionList(buildOffer(...wanted));
      const accepted = negotiateServer(offered, allowed);
      if (accepted === undefined) throw new Error('an offer of ours is never declined');
      const used = checkResponse(parseExtensionList(accepted.response), offered);
      assert.deepEqual(used, accepted.parameters);
    }),
    runs(500),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('a response never exceeds what was asked for [7692-7.1.2.1-5 6455-4.2.2-15]', (t) => {
  fc.assert(
    fc.property(policy, policy, (wanted, allowed) => {
      const accepted = negotiateServer(parseExtensionList(buildOffer(wanted)), allowed);
      const { parameters } = accepted!;
      const within = (name: 'serverMaxWindowBits' | 'clientMaxWindowBits'): boolean =>
        parameters[name] <= Math.min(wanted[name] ?? 15, allowed[name] ?? 15);
      const keeps = (name: 'serverNoContextTakeover' | 'clientNoContextTakeover'): boolean =>
        parameters[name] === ((wanted[name] ?? false) || (allowed[name] ?? false));
      return (
        within('serverMaxWindowBits') &&
        within('clientMaxWindowBits') &&
        keeps('serverNoContextTakeover') &&
        keeps('clientNoContextTakeover')
      );
    }),
    runs(500),
  );
  t.pass('bounded by both sides');
  t.end();
});
