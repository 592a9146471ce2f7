/** Laws of permessage-deflate's negotiation: both sides mean the same, within what both allow. */
import assert from 'node:assert/strict';
import { buildOffer, checkResponse, negotiateServer, parseExtensionList } from 'barewire/deflate';
import t from 'tap';
import { deflateOffer, deflatePolicy } from '../support/extension-arbitraries.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

t.test('law: our client and our server agree on the same parameters', (t) => {
  fc.assert(
    fc.property(deflateOffer, deflatePolicy, (wanted, allowed) => {
      const offered = parseExtensionList(wanted);
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

t.test('law: a response never exceeds what was asked for [7692-7.1.2.1-5 6455-4.2.2-15]', (t) => {
  fc.assert(
    fc.property(deflatePolicy, deflatePolicy, (wanted, allowed) => {
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
