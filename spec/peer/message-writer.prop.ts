/** The law of messages in pieces: they are what their pieces are together, wherever text is cut. */
import assert from 'node:assert/strict';
import { MessageWriter, type WriterPace } from 'barewire/peer';
import t from 'tap';
import { Pair } from '../support/connection-pair.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const ROOM: WriterPace = { admits: () => true, hasRoom: () => true, untilRoom: async () => {} };

/** Text that is cut in the middle of its characters, too. */
const text = fc
  .array(fc.constantFrom('a', 'é', '語', '😀', '\ud83d', '\ude00'), { maxLength: 4 })
  .map((characters) => characters.join(''));
/** The same as bytes of one's own, which are whole characters. */
const bytes = text.map((whole) => Buffer.from(whole));
const pieces = fc.array(fc.oneof({ weight: 3, arbitrary: text }, bytes), { maxLength: 8 });

/** All of it as UTF-8: strings that follow each other are one. */
function joined(all: readonly (string | Buffer)[]): string {
  const parts: Buffer[] = [];
  let run = '';
  for (const piece of all) {
    if (typeof piece === 'string') {
      run += piece;
    } else {
      parts.push(Buffer.from(run), piece);
      run = '';
    }
  }
  return Buffer.concat([...parts, Buffer.from(run)]).toString();
}

t.test('law: a text is what its pieces are together, strings or bytes', async (t) => {
  const law = fc.asyncProperty(pieces, fc.option(text, { nil: undefined }), async (all, last) => {
    const pair = new Pair();
    const writer = new MessageWriter(pair.client.connection.startMessage('text'), ROOM);
    for (const piece of all) assert.equal(await writer.write(piece), true);
    assert.equal(await writer.end(last), true);
    pair.settle();
    assert.deepEqual(pair.server.seen, [['message', joined([...all, last ?? ''])]]);
  });
  await fc.assert(law, runs(500));
  t.pass('no counterexample');
});
