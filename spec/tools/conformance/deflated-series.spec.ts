import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import t from 'tap';
import { GROUP_12 } from '../../../tools/conformance/cases/group-12.ts';
import { GROUP_13 } from '../../../tools/conformance/cases/group-13.ts';
import { listCases } from '../../../tools/conformance/cases/index.ts';
import { createReader, DATA_SETS } from '../../../tools/conformance/data-sets.ts';
import { DeflatedSeries, type Series } from '../../../tools/conformance/deflated-series.ts';
import { type AgreedDeflate, MessageDeflate } from '../../../tools/conformance/message-deflate.ts';
import type { Case } from '../../../tools/conformance/model.ts';
import type { Acting, Stage } from '../../../tools/conformance/stage.ts';

const AGREED: AgreedDeflate = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

/** Deflates twelve slices of the prose with one connection's deflater. */
async function deflateAll(agreed: AgreedDeflate, series?: Series): Promise<string[]> {
  const deflate = new MessageDeflate('client', agreed, series);
  const next = createReader(DATA_SETS.prose, 3000);
  const sent: string[] = [];
  const once = promisify<Buffer, Buffer>((payload, done) =>
    deflate.deflate(payload, done as never),
  );
  for (let message = 0; message < 12; message += 1) sent.push((await once(next())).toString('hex'));
  deflate.close();
  return sent;
}

t.test('a series is sent the same the first time, the second time, and without one', async (t) => {
  const series = { name: 'prose of this spec', messages: 12 };
  const seen = new Set<string>();
  for (const clientMaxWindowBits of [9, 15]) {
    for (const clientNoContextTakeover of [false, true]) {
      const agreed = { ...AGREED, clientMaxWindowBits, clientNoContextTakeover };
      const fresh = await deflateAll(agreed);
      t.same(await deflateAll(agreed, series), fresh, 'the first time');
      t.same(await deflateAll(agreed, series), fresh, 'from memory');
      seen.add(fresh.join());
    }
  }
  t.equal(seen.size, 4, 'each agreement has bytes of its own');
});

t.test('only what was deflated to its end is kept', (t) => {
  const kept = new DeflatedSeries();
  const series = { name: 'two', messages: 2 };
  const broken = kept.use(series, 'as agreed');
  broken.add(Buffer.from('first'));
  t.equal(kept.use(series, 'as agreed').next(), undefined);
  broken.add(Buffer.from('second'));
  const again = kept.use(series, 'as agreed');
  t.same([again.next(), again.next(), again.next()].map(String), ['first', 'second', 'undefined']);
  t.equal(kept.use(series, 'otherwise').next(), undefined, 'another agreement is another series');
  t.end();
});

t.test('what was used longest ago goes first when there is too much', (t) => {
  const kept = new DeflatedSeries(10);
  const keep = (name: string): void =>
    kept.use({ name, messages: 1 }, '').add(Buffer.from(`${name}...`));
  const has = (name: string): boolean => kept.use({ name, messages: 1 }, '').next() !== undefined;
  keep('a');
  keep('b');
  t.ok(has('a'));
  keep('c');
  t.same(['a', 'b', 'c'].map(has), [true, false, true]);
  keep('much too long');
  t.same(['a', 'c', 'much too long'].map(has), [false, false, false]);
  t.end();
});

/** The first messages that a case sends, and their type. */
function sendSome({ act }: Case): string {
  const sent: string[] = [];
  let acting: Acting | undefined;
  const stage: Stage = {
    isCompressed: true,
    octetsReceived: 0,
    whenTaken: () => {},
    setReading: () => {},
    after: () => {},
    play: () => {},
    close: () => {},
    decide: () => {},
    sendMessage: (payload, isBinary) => {
      sent.push(`${isBinary} ${createHash('sha1').update(payload).digest('hex')}`);
      if (sent.length < 3) acting?.message(payload, isBinary);
    },
  };
  acting = act!(stage);
  acting.open();
  return sent.join();
}

t.test('cases with one series send the same messages', (t) => {
  const sentBy = new Map<string, string>();
  const wrong = listCases([GROUP_12, GROUP_13]).filter(({ case: each }) => {
    const { name, messages } = each.compression!.series!;
    const sent = sendSome(each);
    const before = sentBy.get(name) ?? sent;
    sentBy.set(name, before);
    return sent !== before || messages !== 1000;
  });
  t.same(wrong, []);
  t.equal(new Set(sentBy.values()).size, 5 * 10, 'five data sets, ten lengths');
  t.end();
});
