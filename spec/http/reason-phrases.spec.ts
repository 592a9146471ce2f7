import { STATUS_CODES } from 'node:http';
import { reasonPhrase } from 'barewire/http';
import t from 'tap';

/** Phrases that the newer standard changed and Node keeps [RFC 9110 §15.5.14, §15.5.21]. */
const RENAMED = new Set(['413', '418', '422', '509', '510']);

t.test('knows the usual phrase of every registered code', (t) => {
  for (const [code, phrase] of Object.entries(STATUS_CODES)) {
    if (!RENAMED.has(code)) t.equal(reasonPhrase(Number(code)), phrase);
  }
  t.equal(reasonPhrase(413), 'Content Too Large');
  t.end();
});

t.test('has an empty phrase for the others', (t) => {
  t.equal(reasonPhrase(299), '');
  t.equal(reasonPhrase(Number.NaN), '');
  t.end();
});
