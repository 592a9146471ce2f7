import { ProtocolError } from 'barewire/base';
import { RequestReader, type RequestSink, ResponseReader } from 'barewire/http';
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
    end: (trailers) => note(trailers === undefined ? 'end' : `end ${[...trailers]}`),
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

t.test('hands over a head that is not complete, whatever pieces it came in', (t) => {
  const { reader } = rig();
  for (const piece of [one('/1'), 'GET /2 HT', 'TP/1.1\r\nHo']) reader.receive(Buffer.from(piece));
  t.equal(reader.handOver().toString(), 'GET /2 HTTP/1.1\r\nHo');
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

const CHUNKED = 'POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

t.test('tells what it is reading, octet by octet', (t) => {
  const { reader, log } = rig();
  const phases = [reader.phase];
  for (const octet of Buffer.from(`\r\n${CHUNKED}1\r\nb\r\n0\r\nX: y\r\n\r\n`)) {
    reader.receive(Buffer.of(octet));
    if (reader.phase !== phases.at(-1)) phases.push(reader.phase);
  }
  // The CR of an empty line has begun something; its LF has ended it.
  const message = ['start-line', 'headers', 'body', 'trailers', 'idle'];
  t.strictSame(phases, ['idle', 'start-line', 'idle', ...message]);
  t.strictSame(log, ['head /1', 'body b', 'end X,y']);
  t.end();
});

t.test('tells what it was reading when it failed, and that it stopped', (t) => {
  for (const [text, phase, code] of [
    ['\n', 'start-line', 'bare-lf'],
    ['G@', 'start-line', 'bad-method'],
    ['GET / HTTP/1.1\r\n\0', 'headers', 'bad-header-name'],
    ['GET / HTTP/1.1\r\n\r\n', 'headers', 'missing-host'],
    [`${CHUNKED}x`, 'body', 'bad-chunk-size'],
    [`${CHUNKED}0\r\n\0`, 'trailers', 'bad-header-name'],
    [`${CHUNKED}0\r\nHost: b\r\n\r\n`, 'trailers', 'forbidden-trailer'],
  ] as const) {
    const { reader, log } = rig();
    t.equal(reader.isStopped, false);
    reader.receive(Buffer.from(text));
    t.equal(log.at(-1), `failed ${code}`);
    t.equal(reader.phase, phase, code);
    t.equal(reader.isStopped, true);
    t.equal(reader.waitingBytes, 0);
  }
  t.end();
});

t.test('has begun with an octet that may not come at all', (t) => {
  const codes: string[] = [];
  const failed = ({ code }: { code: string }): void => void codes.push(code);
  const reader = new ResponseReader({ head() {}, body() {}, end() {}, failed });
  reader.receive(Buffer.from('H'));
  t.strictSame([...codes, reader.phase], ['unsolicited-response', 'start-line']);
  t.end();
});

t.test('takes bytes of any array of bytes, and nothing else', (t) => {
  const { reader, log } = rig();
  const memory = Buffer.from(`xyz${one('/1')}xyz`);
  const view = new Uint8Array(memory.buffer, memory.byteOffset + 3, memory.length - 6);
  reader.receive(view);
  t.strictSame(log, ['head /1', 'body hi', 'end']);
  for (const bad of [
    'GET',
    5,
    null,
    undefined,
    [71],
    new Uint16Array(2),
    new ArrayBuffer(2),
  ] as unknown[]) {
    t.throws(() => reader.receive(bad as Uint8Array), { code: 'invalid-argument' });
  }
  reader.receive(new Uint8Array(0));
  t.equal(reader.phase, 'idle', 'and changes nothing');
  t.end();
});

t.test('counts and copies what waits, in order', (t) => {
  const { reader, log } = rig((event, self) => {
    if (event === 'head /1') self.pause();
  });
  const chunk = Buffer.from(`${one('/1')}${one('/2')}`);
  reader.receive(chunk);
  const left = 2 + one('/2').length;
  t.equal(reader.waitingBytes, left);
  chunk.fill(0);
  reader.receive(Buffer.from(one('/3')));
  reader.receiveEnd();
  t.equal(reader.waitingBytes, left + one('/3').length);
  t.equal(reader.isPaused, true);
  reader.resume();
  reader.resume();
  const message = (target: string): string[] => [`head ${target}`, 'body hi', 'end'];
  t.strictSame(log, ['/1', '/2', '/3'].flatMap(message));
  t.equal(reader.waitingBytes, 0);
  t.equal(reader.isStopped, true, 'the transport had ended');
  t.end();
});

t.test('takes bytes, a pause and its end from inside a report', (t) => {
  const { reader, log } = rig((event, self) => {
    if (event === 'head /1') self.receive(Buffer.from(one('/3')));
    if (event !== 'body hi') return;
    self.pause();
    self.resume();
    self.receiveEnd();
  });
  reader.receive(Buffer.from(one('/1') + one('/2')));
  t.strictSame(
    log.filter((event) => event.startsWith('head')),
    ['head /1', 'head /2', 'head /3'],
  );
  t.equal(reader.isStopped, true);
  t.end();
});

t.test('reports nothing more before a report has returned, whatever that calls', (t) => {
  const calls: ((reader: RequestReader) => void)[] = [
    (reader) => reader.receiveEnd(),
    (reader) => reader.receive(Buffer.from(one('/3'))),
    (reader) => {
      reader.pause();
      reader.resume();
    },
  ];
  for (const call of calls) {
    let isInside = false;
    const { reader, log } = rig((event, self) => {
      t.equal(isInside, false, event);
      isInside = true;
      if (log.length < 9) call(self);
      isInside = false;
    });
    reader.receive(Buffer.from(`${one('/1')}${one('/2')}POST /4`));
    t.ok(log.includes('head /2'));
  }
  t.end();
});

t.test('ends a body that lasts until the close with the transport, paused or not', (t) => {
  for (const pauses of [false, true]) {
    const log: string[] = [];
    const reader = new ResponseReader({
      head: ({ status }) => void log.push(`head ${status}`),
      body: (bytes) => {
        log.push(`body ${bytes}`);
        if (pauses) reader.pause();
      },
      end: () => void log.push('end'),
      failed: ({ code }) => void log.push(code),
    });
    reader.expect('GET');
    reader.receive(Buffer.from('HTTP/1.1 200 OK\r\n\r\nabc'));
    reader.receiveEnd();
    t.equal(log.at(-1), pauses ? 'body abc' : 'end');
    reader.resume();
    t.strictSame(log, ['head 200', 'body abc', 'end']);
    t.equal(reader.isStopped, true);
  }
  t.end();
});

t.test('passes over what comes behind the last message [9112-9.6-6]', (t) => {
  const { reader, log } = rig();
  const last = one('/').replace('Host', 'Connection: close\r\nHost');
  reader.receive(Buffer.from(`${last}\0\0`));
  reader.receive(Buffer.from(one('/late')));
  t.equal(reader.waitingBytes, 0);
  t.equal(reader.handOver().length, 0);
  t.strictSame(log, ['head /', 'body hi', 'end']);
  t.end();
});

t.test('reports a fault that the sink finds, unless it has taken over', (t) => {
  for (const takesOver of [false, true]) {
    for (const event of ['head /', 'body hi', 'end']) {
      const { reader, log } = rig((noted, self) => {
        if (noted !== event) return;
        if (takesOver) self.handOver();
        throw new ProtocolError('body-too-large');
      });
      reader.receive(Buffer.from(one('/')));
      t.equal(log.at(-1), takesOver ? event : 'failed body-too-large');
      t.equal(reader.isStopped, true);
    }
  }
  t.end();
});

/** A chunked request in pieces, and behind which of them the rest can be given to somebody else. */
const IN_PIECES: readonly (readonly [text: string, isBoundary: boolean])[] = [
  [CHUNKED, true],
  ['00a;n=v\r\n0123456789\r\n', true],
  ['1\r\nx\r\n', true],
  ['0;last\r\n', false],
  ['a: b\r\n\r\n', true],
  ['GET /2 HTTP/1.1\r\nHost: a\r\n\r\n', true],
];

t.test('gives back what follows a whole chunk, and nothing of one that has begun', (t) => {
  const text = IN_PIECES.map(([piece]) => piece).join('');
  const ends = IN_PIECES.map((_, index) =>
    IN_PIECES.slice(0, index + 1).reduce((length, [piece]) => length + piece.length, 0),
  );
  const whole = rig();
  whole.reader.receive(Buffer.from(text));
  for (let cut = 0; cut <= text.length; cut += 1) {
    const { reader, log } = rig();
    reader.receive(Buffer.from(text.slice(0, cut)));
    const index = ends.findIndex((end) => end >= cut);
    const isWhole = ends[index] === cut && IN_PIECES[index]![1];
    const isHead = index === 0 || index === IN_PIECES.length - 1;
    if (isWhole || isHead) {
      const given = isWhole ? '' : text.slice(index === 0 ? 0 : ends[index - 1], cut);
      t.equal(reader.handOver().toString(), given, `cut at ${cut}`);
      t.equal(reader.isStopped, true);
      continue;
    }
    t.throws(() => reader.handOver(), { code: 'invalid-state' }, `cut at ${cut}`);
    reader.receive(Buffer.from(text.slice(cut)));
    const body = (events: string[]): string =>
      events
        .filter((event) => event.startsWith('body '))
        .map((event) => event.slice(5))
        .join('');
    t.equal(body(log), body(whole.log), 'and reads on as if nothing had been asked');
    t.strictSame(
      log.filter((event) => !event.startsWith('body ')),
      whole.log.filter((event) => !event.startsWith('body ')),
    );
  }
  t.end();
});

t.test('stops anywhere, also where nothing can be given back', (t) => {
  const { reader, log } = rig();
  reader.receive(Buffer.from(`${CHUNKED}5\r\nab`));
  reader.stop();
  t.equal(reader.isStopped, true);
  t.equal(reader.waitingBytes, 0);
  reader.receive(Buffer.from('cde\r\n'));
  reader.receiveEnd();
  t.strictSame(log, ['head /1', 'body ab']);
  t.equal(reader.handOver().length, 0);
  t.end();
});
