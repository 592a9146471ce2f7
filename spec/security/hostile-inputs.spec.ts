/**
 * A million hostile inputs, and every octet in every position, with nobody listening for errors:
 * whatever comes ends in messages or in one failure, never in a throw.
 */
import { type BodySink, RequestReader, ResponseReader } from 'barewire/http';
import t from 'tap';

// Where an error was made is not looked at here, and to find out takes longer than to read an input.
Error.stackTraceLimit = 0;

const REQUESTS = [
  'GET /a?b HTTP/1.1\r\nHost: a:80\r\nAccept: */*\r\n\r\n',
  'POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'PUT / HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n3;x="y"\r\nabc\r\n0\r\nX: y\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nrest',
  'OPTIONS http://a/ HTTP/1.0\r\nExpect: 100-continue\r\nConnection: keep-alive\r\n\r\n',
].map((text) => Buffer.from(text, 'latin1'));

const RESPONSES = [
  'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n',
  'HTTP/1.0 404 \r\n\r\nuntil the end',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nrest',
].map((text) => Buffer.from(text, 'latin1'));

interface Count {
  messages: number;
  failures: number;
}

const newCount = (): Count => ({ messages: 0, failures: 0 });

const sinkFor = (count: Count): BodySink & { head(): void } => ({
  head() {},
  body() {},
  end() {
    count.messages += 1;
  },
  failed() {
    count.failures += 1;
  },
});

function readRequest(bytes: Buffer, count: Count): void {
  const reader = new RequestReader(sinkFor(count));
  reader.receive(bytes);
  reader.receiveEnd();
}

function readResponse(bytes: Buffer, count: Count): void {
  const reader = new ResponseReader(sinkFor(count));
  reader.expect('GET');
  reader.receive(bytes);
  reader.receiveEnd();
}

for (const [what, seeds, read] of [
  ['requests', REQUESTS, readRequest],
  ['responses', RESPONSES, readResponse],
] as const) {
  t.test(`half a million hostile ${what} end in messages or in one failure`, (t) => {
    let state = 7;
    const random = (bound: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (state >>> 8) % bound;
    };
    const total = newCount();
    let excess = 0;
    for (let input = 0; input < 500_000; input += 1) {
      const bytes = Buffer.from(seeds[random(seeds.length)]!);
      for (let change = 1 + random(3); change > 0; change -= 1) {
        bytes[random(bytes.length)] = random(256);
      }
      const count = newCount();
      read(bytes.subarray(0, random(4) === 0 ? random(bytes.length) : bytes.length), count);
      if (count.failures > 1) excess += 1;
      total.messages += count.messages;
      total.failures += count.failures;
    }
    t.equal(excess, 0, 'no input fails twice');
    t.ok(total.messages > 10_000, `${total.messages} messages were read`);
    t.ok(total.failures > 100_000, `${total.failures} inputs were refused`);
    t.end();
  });

  t.test(`every octet in every position of ${what} ends in messages or in one failure`, (t) => {
    let failures = 0;
    let inputs = 0;
    for (const seed of seeds) {
      for (let position = 0; position < seed.length; position += 1) {
        for (let octet = 0; octet < 256; octet += 1) {
          const bytes = Buffer.from(seed);
          bytes[position] = octet;
          const count = newCount();
          read(bytes, count);
          inputs += 1;
          failures += count.failures;
          if (count.failures > 1) t.fail(`${octet} at ${position} fails ${count.failures} times`);
        }
      }
    }
    t.ok(failures > inputs / 4, `${failures} of ${inputs} were refused`);
    t.end();
  });
}
