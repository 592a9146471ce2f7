import { RequestReader, type RequestSink } from 'barewire/http';
import t from 'tap';

/** Notes what is reported; `on` may pause or hand over in the middle. */
function rig(on: (event: string, reader: RequestReader) => void = () => {}): {
  reader: RequestReader;
  log: string[];
} {
  const log: string[] = [];
  const note = (event: string): void => {
    log.push(event);
    on(event, reader);
  };
  const sink: RequestSink = {
    head: (head) => note(`head ${head.target}`),
    body: (bytes) => note(`body ${bytes}`),
    end: () => note('end'),
    failed: (error) => note(`failed ${error.code}`),
  };
  const reader: RequestReader = new RequestReader(sink);
  return { reader, log };
}

const one = (target: string): string =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi`;

t.test('pauses at any report, keeps the bytes, and goes on where it stopped', (t) => {
  for (const stop of ['head /1', 'body hi', 'end', 'head /2']) {
    const { reader, log } = rig((event, self) => {
      if (event === stop) self.pause();
    });
    reader.receive(Buffer.from(one('/1') + one('/2')));
    t.equal(log.at(-1), stop);
    t.equal(reader.isPaused, true);
    const before = log.length;
    reader.receive(Buffer.from(one('/3')));
    t.equal(log.length, before);
    for (let turns = 0; turns < 4; turns += 1) reader.resume();
    t.equal(log.filter((event) => event === 'end').length, 3);
    t.strictSame(
      log.filter((event) => event.startsWith('head')),
      ['head /1', 'head /2', 'head /3'],
    );
  }
  t.end();
});

t.test('hands over what it has not read, and reads no more', (t) => {
  const { reader, log } = rig((event, self) => {
    if (event === 'end') self.pause();
  });
  reader.receive(Buffer.from(`${one('/1')}another protocol`));
  t.equal(reader.handOver().toString(), 'another protocol');
  reader.receive(Buffer.from(one('/2')));
  reader.resume();
  t.equal(log.at(-1), 'end');
  t.end();
});

t.test('is inert after it failed', (t) => {
  const { reader, log } = rig();
  reader.receive(Buffer.from('G@T / HTTP/1.1\r\n\r\n'));
  reader.receive(Buffer.from(one('/')));
  reader.receiveEnd();
  t.strictSame(log, ['failed bad-method']);
  t.end();
});

t.test('tells an end inside a message from a clean one', (t) => {
  const clean = rig();
  clean.reader.receive(Buffer.from(one('/')));
  clean.reader.receiveEnd();
  t.equal(clean.log.at(-1), 'end');
  for (const cut of [5, 30, one('/').length - 1]) {
    const { reader, log } = rig();
    reader.receive(Buffer.from(one('/').slice(0, cut)));
    reader.receiveEnd();
    t.equal(log.at(-1), 'failed premature-eof');
  }
  t.end();
});
