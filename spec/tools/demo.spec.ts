import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { EventSource } from 'eventsource';
import t from 'tap';
import type {
  ChatToPage,
  PollAnswer,
  Tick,
  WireRecord,
  WireToPage,
} from '../../tools/demo/page/messages.ts';
import { JsonSocket, type RunningDemo, startDemo } from '../support/demo.ts';
import { listen, RawClient } from '../support/sockets.ts';

const PAGE = '0123456789abcdef0123456789abcdef';
const OTHER_PAGE = 'f'.repeat(32);

const chatOf = ({ port }: RunningDemo, page = '', origin?: string) =>
  new JsonSocket<ChatToPage>(`ws://127.0.0.1:${port}/chat?page=${page}`, origin);

t.test('serves the page and every file that it names, with a policy', async (t) => {
  const { origin } = await startDemo(t);
  const response = await fetch(origin);
  const html = await response.text();
  t.equal(response.status, 200);
  t.match(response.headers.get('content-type'), 'text/html');
  const policy = response.headers.get('content-security-policy') ?? '';
  for (const rule of ["default-src 'none'", "script-src 'self'", 'require-trusted-types-for']) {
    t.match(policy, rule);
  }
  t.notMatch(policy, 'unsafe');
  t.notMatch(html, /(?:src|href)="https?:/, 'nothing is loaded from elsewhere');
  t.notMatch(html, /<script(?![^>]* src=)|<style| style="| on\w+="/, 'nothing is inline');
  const files = [...html.matchAll(/(?:src|href)="(\/page\/[^"]+)"/g)].map(([, file = '']) => file);
  t.ok(files.length > 6);
  for (const file of files) {
    const found = await fetch(`${origin}${file}`);
    const text = await found.text();
    t.equal(found.status, 200, file);
    for (const [, name = ''] of text.matchAll(/from '\.\/([\w-]+\.js)'/g)) {
      t.equal((await fetch(`${origin}/page/${name}`)).status, 200, name);
    }
  }
});

t.test('answers conditional requests, HEAD, and what it does not know', async (t) => {
  const { origin, port } = await startDemo(t);
  const etag = (await fetch(origin)).headers.get('etag') ?? '';
  const again = await fetch(origin, { headers: { 'if-none-match': etag } });
  t.equal(again.status, 304);
  const head = await fetch(origin, { method: 'HEAD' });
  t.equal(head.status, 200);
  t.equal(await head.text(), '');
  t.equal((await fetch(`${origin}/nothing`)).status, 404);
  for (const [method, path, allow] of [
    ['POST', '/', 'GET, HEAD'],
    ['POST', '/poll', 'GET'],
    ['GET', '/events/cut', 'POST'],
    ['DELETE', '/chat', 'GET'],
  ] as const) {
    const refused = await fetch(origin + path, { method });
    t.equal(refused.status, 405, `${method} ${path}`);
    t.equal(refused.headers.get('allow'), allow);
  }
  for (const path of ['/page/../demo.js', '/page/%2e%2e/demo.js', '/page/', '/page/__proto__']) {
    const client = new RawClient(port);
    client.send(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    t.match(await client.ended(), /^HTTP\/1\.1 404 /, path);
  }
});

t.test('lets two members talk, and leaves markup alone', async (t) => {
  const demo = await startDemo(t);
  const [ann, ben] = [await chatOf(demo).open(), await chatOf(demo).open()];
  ann.send({ type: 'name', name: 'Ann' });
  ben.send({ type: 'name', name: 'Ben' });
  const text = '<script>document.title = "owned"</script>';
  ann.send({ type: 'say', text });
  const { line } = await ben.until('line', ({ line }) => line.kind === 'said');
  t.match(line, { name: 'Ann', text });
  const people = await ben.until('people', ({ people }) => people.length === 2);
  t.same(people.people.map(({ name }) => name).sort(), ['Ann', 'Ben']);
  t.type((await ann.until('rtt')).ms, 'number');
  ann.socket.close();
  await ben.until('line', ({ line }) => line.text === 'Ann left');
});

t.test('cuts a chat connection that asks for it, without a closing handshake', async (t) => {
  const demo = await startDemo(t);
  const ann = await chatOf(demo).open();
  const closed = once(ann.socket, 'close');
  ann.send({ type: 'drop' });
  t.equal((await closed)[0], 1006);
});

t.test('refuses a WebSocket from the page of somebody else', async (t) => {
  const demo = await startDemo(t);
  for (const path of ['chat', 'wire'] as const) {
    const url = `ws://127.0.0.1:${demo.port}/${path}?page=${PAGE}`;
    const foreign = new JsonSocket<ChatToPage>(url, 'http://evil.example');
    const [, response] = await once(foreign.socket, 'unexpected-response');
    t.equal(response.statusCode, 403);
    response.destroy();
  }
  await (await chatOf(demo, '', demo.origin).open()).until('welcome');
});

t.test(
  'shows a page the handshake and every frame of its chat, and nothing of itself',
  async (t) => {
    const demo = await startDemo(t);
    const wire = await new JsonSocket<WireToPage>(
      `ws://127.0.0.1:${demo.port}/wire?page=${PAGE}`,
    ).open();
    const other = await chatOf(demo, OTHER_PAGE).open();
    const chat = await chatOf(demo, PAGE).open();
    other.send({ type: 'say', text: 'from elsewhere' });
    chat.send({ type: 'say', text: 'watch me' });
    await chat.until('line', ({ line }) => line.text === 'watch me');
    await wire.until('record', ({ record }) => textOf(record).includes('"line":{"id":2'));
    const records = wire.messages.flatMap((message) =>
      message.type === 'record' ? [message.record] : [],
    );
    const [request, response, ...rest] = records;
    t.match(request, { kind: 'handshake', direction: 'in', connection: 1 });
    t.match(
      textOf(request),
      /^GET \/chat\?page=\w+ HTTP\/1\.1\r\n.*Sec-WebSocket-Key: .+\r\n\r\n$/s,
    );
    t.match(response, { kind: 'handshake', direction: 'out' });
    t.match(textOf(response), /^HTTP\/1\.1 101 .*sec-websocket-accept: .+\r\n\r\n$/s);
    const said = rest.find((record) => textOf(record).includes('watch me'));
    t.match(said, { kind: 'frame', direction: 'in', masked: true, opcode: 1, fin: true });
    t.ok(
      rest.some((record) => record.kind === 'frame' && record.opcode === 9),
      'a ping',
    );
    t.ok(
      rest.some((record) => record.kind === 'frame' && record.opcode === 10),
      'its pong',
    );
    t.notOk(
      rest.some((record) => textOf(record).includes('"record"')),
      'it does not watch itself',
    );
    t.notOk(
      rest.some((record) => record.direction === 'in' && textOf(record).includes('elsewhere')),
    );
    chat.socket.terminate();
    await wire.until('record', ({ record }) => record.kind === 'end');
  },
);

t.test('shows no wire without a page', async (t) => {
  const { origin } = await startDemo(t);
  for (const page of ['', 'x', PAGE.toUpperCase(), `${PAGE}0`, '../../etc/passwd']) {
    t.equal((await fetch(`${origin}/wire?page=${page}`)).status, 400);
  }
});

t.test('a refused request to watch leaves nothing behind', async (t) => {
  const { origin, world } = await startDemo(t);
  t.equal((await fetch(`${origin}/wire?page=${PAGE}`)).status, 426);
  t.equal(world.taps.size, 0);
});

function textOf(record: WireRecord | undefined): string {
  if (record?.kind === 'frame') return Buffer.from(record.payload, 'hex').toString();
  return record?.text ?? '';
}

t.test('tells the facts when they change', async (t) => {
  const demo = await startDemo(t);
  const wire = new JsonSocket<WireToPage>(`ws://127.0.0.1:${demo.port}/wire?page=${PAGE}`);
  t.match((await wire.until('facts')).facts, { pid: process.pid, node: process.versions.node });
  const chat = await chatOf(demo).open();
  await wire.until('facts', ({ facts }) => facts.sockets === 2);
  const stream = await fetch(`${demo.origin}/events`);
  await wire.until('facts', ({ facts }) => facts.streams === 1);
  await stream.body?.cancel();
  chat.socket.terminate();
  await wire.until('facts', ({ facts }) => facts.sockets === 1 && facts.streams === 0);
});

t.test('an EventSource that is cut misses nothing and gets nothing twice', async (t) => {
  const { origin, world } = await startDemo(t);
  world.ticker.tick();
  const source = new EventSource(`${origin}/events?page=${PAGE}`);
  t.teardown(() => source.close());
  const seen: number[] = [];
  let wake = (): void => {};
  source.addEventListener('tick', (event) => {
    seen.push((JSON.parse(event.data) as Tick).n);
    wake();
  });
  const until = async (n: number): Promise<void> => {
    while (seen.at(-1) !== n) {
      await new Promise<void>((done) => {
        wake = done;
      });
    }
  };
  await until(1);
  world.ticker.tick();
  await until(2);
  for (const n of [2, 5, 8]) {
    const cut = await fetch(`${origin}/events/cut?page=${PAGE}`, { method: 'POST' });
    t.equal(cut.status, 204);
    for (let missed = 0; missed < 2; missed += 1) world.ticker.tick();
    await until(n + 2);
    world.ticker.tick();
    await until(n + 3);
  }
  t.same(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

t.test('a page cuts its own stream and no other', async (t) => {
  const { origin, world } = await startDemo(t);
  const mine = await fetch(`${origin}/events?page=${PAGE}`);
  const theirs = await fetch(`${origin}/events?page=${OTHER_PAGE}`);
  await fetch(`${origin}/events/cut?page=${PAGE}`, { method: 'POST' });
  await t.rejects(mine.text(), 'the client sees that it was cut');
  t.equal(world.streams.size, 1);
  await theirs.body?.cancel();
  t.equal((await fetch(`${origin}/events/cut`, { method: 'POST' })).status, 400);
});

t.test('tells a client from before a restart that it missed something [sse-9.2.5-1]', async (t) => {
  const { origin, world } = await startDemo(t);
  world.ticker.tick();
  const response = await fetch(`${origin}/events`, { headers: { 'last-event-id': 'old-7' } });
  t.equal(response.headers.get('content-type'), 'text/event-stream');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('event: reset')) text += (await reader?.read())?.value ?? '';
  t.match(text, /event: reset\nid: e-1\ndata: \{"reason":"other-epoch"\}\n\n/);
  await reader?.cancel();
});

t.test('holds a poll until there is an event, and answers the next one at once', async (t) => {
  const { origin, world } = await startDemo(t);
  const poll = async (after: string, page = PAGE): Promise<PollAnswer> => {
    const response = await fetch(`${origin}/poll?page=${page}&after=${after}`);
    t.equal(response.status, 200);
    t.equal(response.headers.get('cache-control'), 'no-store');
    return (await response.json()) as PollAnswer;
  };
  const held = async (count: number): Promise<void> => {
    while (world.desk.size !== count) await new Promise((done) => setImmediate(done));
  };
  const first = poll('');
  await held(1);
  world.ticker.tick();
  t.match(await first, { ticks: [{ n: 1 }], lastId: 'e-1', why: 'ticks' });
  world.ticker.tick();
  world.ticker.tick();
  t.match(await poll('e-1'), { ticks: [{ n: 2 }, { n: 3 }], lastId: 'e-3', heldMs: 0 });
  const older = poll('e-3');
  await held(1);
  const newer = poll('e-3');
  t.match(await older, { ticks: [], why: 'replaced' });
  const gone = new AbortController();
  const url = `${origin}/poll?page=${OTHER_PAGE}&after=e-3`;
  const aborted = fetch(url, { signal: gone.signal }).catch(() => 'gone');
  await held(2);
  gone.abort();
  t.equal(await aborted, 'gone');
  await held(1);
  world.ticker.tick();
  t.match(await newer, { ticks: [{ n: 4 }] });
});

t.test(
  'streams progress as it gets done, and stops when nobody wants it [6202-3.1-1]',
  async (t) => {
    const { origin } = await startDemo(t);
    const response = await fetch(`${origin}/progress`);
    const lines = (await response.text()).trimEnd().split('\n');
    t.equal(lines.length, 51);
    t.equal(lines[0], `[${'.'.repeat(25)}]   0 %`);
    t.equal(lines.at(-1), `[${'#'.repeat(25)}] 100 %`);
    const slow = await startDemo(t, { stepMs: 20 });
    const some = await fetch(`${slow.origin}/progress`);
    const reader = some.body?.getReader();
    const first = (await reader?.read())?.value?.length ?? 0;
    t.ok(first < 200, 'the first line comes before the last');
    await reader?.cancel();
  },
);

const skipCurl = spawnSync('curl', ['--version']).error !== undefined && 'curl is not installed';

t.test('curl draws the progress', { skip: skipCurl }, async (t) => {
  const { origin } = await startDemo(t);
  const curl = spawn('curl', ['-sN', `${origin}/progress`]);
  let text = '';
  curl.stdout.on('data', (bytes) => {
    text += bytes;
  });
  const [status] = await once(curl, 'close');
  t.equal(status, 0);
  t.match(text, /100 %\n$/);
});

const BY_HAND = [
  'HTTP/1.1 299 Written By Hand',
  'content-type: text/plain; charset=utf-8',
  'cache-control: no-store',
  'connection: close',
  '',
  'These bytes never met a response object.\n',
].join('\r\n');

t.test('answers by hand on a hijacked socket, and shows the bytes on the wire view', async (t) => {
  const demo = await startDemo(t);
  const client = new RawClient(demo.port);
  client.send('GET /hijack HTTP/1.1\r\nhost: x\r\n\r\n');
  const answer = await client.ended();
  t.ok(answer.startsWith(BY_HAND), answer);
  const wire = new JsonSocket<WireToPage>(`ws://127.0.0.1:${demo.port}/wire?page=${PAGE}`);
  await wire.open();
  const response = await fetch(`${demo.origin}/hijack?page=${PAGE}`);
  t.equal(response.status, 299);
  t.equal(response.statusText, 'Written By Hand');
  t.ok(answer.endsWith(await response.text()));
  await wire.until('hijack', ({ text }) => text.includes('ends both'));
  const shown = wire.messages.flatMap((message) => (message.type === 'hijack' ? [message] : []));
  t.equal(shown.map(({ text }) => text).join(''), answer);
  t.same(
    shown.map(({ isFirst }) => isFirst),
    shown.map((_, index) => index === 0),
  );
});

t.test('survives clients that vanish in the middle of everything', async (t) => {
  const demo = await startDemo(t, { lineMs: 5, stepMs: 5 });
  const { world, port } = demo;
  for (const path of ['/events', '/poll', '/progress', '/hijack']) {
    const client = new RawClient(port);
    client.send(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    if (path !== '/poll') await client.until('\r\n\r\n');
    client.socket.resetAndDestroy();
  }
  for (let n = 0; n < 20; n += 1) (await chatOf(demo, PAGE).open()).socket.terminate();
  const { room, streams, desk, taps } = world;
  while (room.size + streams.size + desk.size + taps.size > 0) {
    await new Promise((done) => setImmediate(done));
  }
  t.equal((await fetch(demo.origin)).status, 200);
});

// ── the command line ─────────────────────────────────────────────────────────────────────────

const MAIN = fileURLToPath(new URL('../../tools/demo/main.js', import.meta.url));

const start = (args: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
  const env = { ...process.env, PORT: undefined, ...environment };
  const child = spawn(process.execPath, [MAIN, ...args], { env });
  const output = { out: '', err: '' };
  child.stdout.on('data', (bytes) => {
    output.out += bytes;
  });
  child.stderr.on('data', (bytes) => {
    output.err += bytes;
  });
  const exited = once(child, 'close').then(([code]) => ({ code: code as number, ...output }));
  return { child, output, exited };
};

t.test('npm start listens where it is told, says where, and ends when asked', async (t) => {
  for (const [args, env] of [
    [['--port', '0'], {}],
    [[], { PORT: '0' }],
  ] as const) {
    const { child, output, exited } = start(args, env);
    while (!output.out.includes('\n')) await once(child.stdout, 'data');
    const url = /http:\/\/localhost:(\d+)\//.exec(output.out);
    const response = await fetch(`http://127.0.0.1:${url?.[1]}/`);
    t.equal(response.status, 200);
    const stream = await fetch(`http://127.0.0.1:${url?.[1]}/events`);
    child.kill('SIGTERM');
    await stream.text().catch(() => undefined);
    t.match(await exited, { code: 0, err: '' });
  }
});

t.test('npm start explains in one line what is wrong, with an exit code', async (t) => {
  const busy = createServer();
  const port = await listen(busy);
  t.teardown(() => busy.close());
  for (const [args, reason] of [
    [['--frob'], /^barewire demo: .*--frob.*\n$/],
    [['--port', 'x'], /^barewire demo: --port must be .*\n$/],
    [['--port', String(port)], new RegExp(`^barewire demo: .*${port} is in use; .*\n$`)],
  ] as const) {
    const { code, out, err } = await start(args).exited;
    t.not(code, 0);
    t.equal(out, '');
    t.match(err, reason);
  }
  t.match(await start(['--help']).exited, { code: 0, out: /--port/, err: '' });
});
