import { hasFastPath } from 'barewire/base';
import t from 'tap';
import { encodeSharedEvent, shareText } from '../../lib/server/shared-text.ts';
import { usedMemory } from '../support/memory.ts';

const IS_FAST = hasFastPath('shared-text');
const turnEnd = (): Promise<void> => new Promise((done) => setImmediate(done));

t.test('text is encoded when it comes again, and forgotten at the end of the turn', async (t) => {
  const framed = (text: string): Buffer | undefined => shareText(text).framed('2\r\n', '\r\n');
  t.equal(framed('é'), undefined, 'nobody else has had it');
  const second = framed('é');
  t.equal(second?.toString(), IS_FAST ? '2\r\né\r\n' : undefined);
  t.equal(framed('é'), second, 'the same memory');
  t.equal(framed('ö'), undefined, 'only the last one is known');
  t.equal(framed('é'), undefined);
  await turnEnd();
  t.equal(framed('é'), undefined, 'a new turn');
  await turnEnd();
});

t.test('a body without framing gets the text itself', async (t) => {
  shareText('ä');
  const bytes = shareText('ä').framed('', '');
  t.equal(bytes?.toString(), IS_FAST ? 'ä' : undefined);
  t.equal(shareText('ä').framed('', ''), bytes);
  t.equal(shareText('ä').byteLength, 2);
  await turnEnd();
});

t.test('keeps nothing beyond the turn', async (t) => {
  const before = usedMemory();
  const text = 'x'.repeat(10_000_000);
  encodeSharedEvent({ data: `${text}y` });
  shareText(`${text}z`).framed('', '');
  await turnEnd();
  await turnEnd();
  const kept = usedMemory() - before;
  t.ok(kept < 5_000_000, `${kept} bytes`);
});
