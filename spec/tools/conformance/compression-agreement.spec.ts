import t from 'tap';
import { CATALOGUE } from '../../../tools/conformance/cases/index.ts';
import {
  answerCompression,
  readCompressionResponse,
} from '../../../tools/conformance/compression-agreement.ts';

const plan = (chapter: string) =>
  CATALOGUE.find((entry) => entry.chapter.id === chapter)!.case.compression!;

const PMD = 'permessage-deflate';
const CNCT = 'client_no_context_takeover';
const SNCT = 'server_no_context_takeover';
const CMWB = 'client_max_window_bits';
const SMWB = 'server_max_window_bits';

t.test('offers what the catalogue says, chapter by chapter', (t) => {
  const base = `${PMD}; ${CNCT}; ${CMWB}`;
  const offers = {
    '12.1': base,
    '12.5': base,
    '13.1': base,
    '13.2': `${base}; ${SNCT}`,
    '13.3': `${base}; ${SMWB}=9`,
    '13.4': `${base}; ${SMWB}=15`,
    '13.5': `${base}; ${SNCT}; ${SMWB}=9`,
    '13.6': `${base}; ${SNCT}; ${SMWB}=15`,
    '13.7': `${base}; ${SNCT}; ${SMWB}=9, ${base}; ${SNCT}, ${base}`,
  };
  for (const [chapter, offer] of Object.entries(offers))
    t.equal(plan(chapter).offer, offer, chapter);
  t.end();
});

t.test('answers offers as the catalogue says, chapter by chapter', (t) => {
  const answer = (chapter: string, offer: string): string | undefined =>
    answerCompression(offer, plan(chapter))?.response;
  const usual = `${PMD}; ${CMWB}`;
  t.equal(answer('13.1', usual), PMD);
  t.equal(answer('13.2', usual), `${PMD}; ${CNCT}`);
  t.equal(answer('13.2', PMD), `${PMD}; ${CNCT}`);
  t.equal(answer('13.3', usual), `${PMD}; ${CMWB}=9`);
  t.equal(answer('13.3', PMD), undefined, 'nothing to say the bits with');
  t.equal(answer('13.4', usual), `${PMD}; ${CMWB}=15`);
  t.equal(answer('13.5', usual), `${PMD}; ${CNCT}; ${CMWB}=9`);
  t.equal(answer('13.6', usual), `${PMD}; ${CNCT}; ${CMWB}=15`);
  t.equal(answer('13.7', usual), `${PMD}; ${CNCT}; ${CMWB}=9`);
  t.equal(answer('13.7', PMD), `${PMD}; ${CNCT}`, 'the second best');
  t.equal(answer('13.7', `${PMD}, ${usual}`), `${PMD}; ${CNCT}; ${CMWB}=9`, 'over all offers');
  t.equal(
    answer('13.1', `x-foo, ${PMD}; ${SNCT}; ${SMWB}=10`),
    `${PMD}; ${SNCT}; ${SMWB}=10`,
    'what is asked of the server is confirmed',
  );
  t.equal(answerCompression(usual, undefined), undefined, 'no case without a plan compresses');
  t.equal(answerCompression(undefined, plan('13.1')), undefined);
  t.end();
});

t.test('keeps to what was agreed, in both roles', (t) => {
  t.same(answerCompression(`${PMD}; ${SNCT}; ${SMWB}=9; ${CMWB}=12`, plan('13.5'))?.agreed, {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 9,
    clientMaxWindowBits: 9,
  });
  t.same(readCompressionResponse(`${PMD}; ${CMWB}=10; ${SNCT}`, true), {
    serverNoContextTakeover: true,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 10,
  });
  t.equal(readCompressionResponse(undefined, true), undefined);
  t.end();
});

t.test('fails the handshake for what is unknown, repeated or malformed', (t) => {
  for (const bad of [
    `${PMD}; level=9`,
    `${PMD}; ${SNCT}; ${SNCT}`,
    `${PMD}; ${SMWB}=16`,
    `${PMD}; ${SNCT}=1`,
    `${PMD}; ${SMWB}`,
    `${PMD};`,
  ]) {
    t.throws(() => answerCompression(bad, plan('13.1')), { name: 'OpeningError' }, bad);
    t.throws(() => readCompressionResponse(bad, true), { name: 'OpeningError' }, bad);
  }
  t.throws(() => readCompressionResponse(`${PMD}; ${CMWB}`, true), { name: 'OpeningError' });
  t.throws(() => readCompressionResponse(PMD, false), { name: 'OpeningError' }, 'not offered');
  t.throws(() => readCompressionResponse(`${PMD}, ${PMD}`, true), { name: 'OpeningError' });
  t.throws(() => readCompressionResponse('x-foo', true), { name: 'OpeningError' });
  t.end();
});
