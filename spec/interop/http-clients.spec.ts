/**
 * Other people's clients and proxies against our server. What is not installed is skipped, and says so.
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { createServer as createNetServer } from 'node:net';
import { promisify } from 'node:util';
import type { Exchange } from 'barewire';
import t from 'tap';
import { serve } from '../support/serving.ts';
import { eventually, listen } from '../support/sockets.ts';

const run = promisify(execFile);

const has = (program: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;

const skipUnless = (program: string): { skip?: string } =>
  has(program) ? {} : { skip: `${program} is not installed` };

/** A little of everything. */
async function answer(exchange: Exchange): Promise<unknown> {
  switch (exchange.path) {
    case '/echo':
      return exchange.respond(200, {}, await exchange.body.bytes());
    case '/large':
      return exchange.respond(200, {}, Buffer.alloc(2_000_000, 'x'));
    case '/stream': {
      const body = exchange.stream(200, { 'content-type': 'text/plain', trailer: 'x-sum' });
      for (let line = 1; line <= 5; line += 1) await body.write(`line ${line}\n`);
      return body.end({ 'x-sum': '5' });
    }
    case '/events': {
      const events = exchange.eventStream();
      events.send({ data: 'one' });
      return events.close();
    }
    case '/early':
      exchange.earlyHints({ link: '</a.css>; rel=preload' });
      return exchange.respond(200, {}, 'late');
    case '/raw':
      return exchange.hijack().socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi');
    default:
      return exchange.respond(200, {}, `hello ${exchange.path}`);
  }
}

t.test('curl', skipUnless('curl'), async (t) => {
  const { url, server } = await serve(t, answer);
  const curl = async (...args: readonly string[]): Promise<string> =>
    (await run('curl', ['-sS', '--max-time', '20', ...args], { maxBuffer: 1 << 24 })).stdout;
  t.equal(await curl(`${url}/a%20b`), 'hello /a%20b');
  t.equal(await curl(`${url}/1`, `${url}/2`), 'hello /1hello /2');
  t.equal(server.stats().connections, 2, 'the second call used one connection twice');
  t.equal(await curl('--http1.0', `${url}/stream`), 'line 1\nline 2\nline 3\nline 4\nline 5\n');
  t.equal(await curl('-N', `${url}/stream`), 'line 1\nline 2\nline 3\nline 4\nline 5\n');
  t.equal(await curl('-d', 'posted', `${url}/echo`), 'posted');
  const large = 'y'.repeat(500_000);
  const file = `${t.testdir({ upload: large })}/upload`;
  t.equal(
    await curl('-H', 'expect: 100-continue', '--data-binary', `@${file}`, `${url}/echo`),
    large,
  );
  t.equal(
    await curl('-H', 'transfer-encoding: chunked', '--data-binary', `@${file}`, `${url}/echo`),
    large,
  );
  t.equal((await curl(`${url}/large`)).length, 2_000_000);
  t.match(await curl('-I', `${url}/large`), /content-length: 2000000/);
  t.match(await curl('-i', `${url}/early`), /103 Early Hints[\s\S]*link:[\s\S]*200 OK[\s\S]*late$/);
  t.equal(await curl(`${url}/raw`), 'hi');
  t.match(await curl(`${url}/events`), 'data: one');
  const refused = await curl('-o', '/dev/null', '-w', '%{http_code}', '-H', 'bad name: x', url);
  t.equal(refused, '400');
});

t.test('Node’s client with an agent that keeps connections', async (t) => {
  const { port, server } = await serve(t, answer);
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const ask = async (
    path: string,
    body?: string,
  ): Promise<{ text: string; response: IncomingMessage }> => {
    const method = body === undefined ? 'GET' : 'POST';
    const request = httpRequest({ port, host: '127.0.0.1', path, agent, method });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let text = '';
    for await (const piece of response) text += String(piece);
    return { text, response };
  };
  const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => ask(`/${index}`)));
  t.same(
    answers.map(({ text }) => text),
    answers.map((_, index) => `hello /${index}`),
  );
  t.equal(server.stats().connections, 4);
  t.equal((await ask('/echo', 'posted')).text, 'posted');
  const streamed = await ask('/stream');
  t.equal(streamed.response.trailers['x-sum'], '5');
  t.equal((await ask('/large')).text.length, 2_000_000);
  t.equal(server.stats().connections, 4);
  agent.destroy();
  await eventually(() => server.stats().openConnections === 0);
});

t.test('fetch', async (t) => {
  const { url } = await serve(t, answer);
  t.equal(await (await fetch(`${url}/x?y`)).text(), 'hello /x');
  const posted = await fetch(`${url}/echo`, { method: 'POST', body: 'é' });
  t.equal(await posted.text(), 'é');
  const source = new ReadableStream({
    start(controller) {
      for (const piece of ['a', 'b', 'c']) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  const streamed = await fetch(`${url}/echo`, { method: 'POST', body: source, duplex: 'half' });
  t.equal(await streamed.text(), 'abc');
  t.equal((await (await fetch(`${url}/stream`)).text()).length, 35);
  const aborter = new AbortController();
  const large = await fetch(`${url}/large`, { signal: aborter.signal });
  aborter.abort();
  await t.rejects(large.text(), { name: 'AbortError' });
  const parallel = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => (await fetch(`${url}/${index}`)).text()),
  );
  t.equal(parallel[99], 'hello /99');
});

t.test('ab', skipUnless('ab'), async (t) => {
  const { url } = await serve(t, answer);
  for (const flags of [[], ['-k']]) {
    const { stdout } = await run('ab', ['-q', '-n', '500', '-c', '20', ...flags, `${url}/`]);
    t.match(stdout, /Failed requests:\s+0\n/);
    t.match(stdout, /Complete requests:\s+500\n/);
  }
});

t.test('wrk', skipUnless('wrk'), async (t) => {
  const { url } = await serve(t, answer);
  const { stdout } = await run('wrk', ['-d', '1', '-c', '20', '-t', '1', `${url}/`]);
  t.notMatch(stdout, /Socket errors|Non-2xx/);
});

t.test('h2load over HTTP/1.1', skipUnless('h2load'), async (t) => {
  const { url } = await serve(t, answer);
  const { stdout } = await run('h2load', ['--h1', '-n', '500', '-c', '10', `${url}/`]);
  t.match(stdout, /500 succeeded, 0 failed/);
});

t.test('nginx as a reverse proxy in front', skipUnless('nginx'), async (t) => {
  const { port } = await serve(t, answer);
  const probe = createNetServer();
  const proxyPort = await listen(probe);
  probe.close();
  const folder = t.testdir({ logs: {} });
  const location = `proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;`;
  writeFileSync(
    `${folder}/nginx.conf`,
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
     events {} http { access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
     fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
     server { listen 127.0.0.1:${proxyPort}; location / { ${location} } } }`,
  );
  const nginx = spawn('nginx', ['-p', folder, '-c', `${folder}/nginx.conf`], { stdio: 'ignore' });
  t.teardown(async () => {
    nginx.kill();
    await once(nginx, 'exit');
  });
  const url = `http://127.0.0.1:${proxyPort}`;
  for (;;) {
    const isUp = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isUp) break;
    await new Promise((next) => setImmediate(next));
  }
  t.equal(await (await fetch(`${url}/x`)).text(), 'hello /x');
  t.equal(
    await (await fetch(`${url}/echo`, { method: 'POST', body: 'through' })).text(),
    'through',
  );
  t.equal((await (await fetch(`${url}/stream`)).text()).length, 35);
  t.equal((await (await fetch(`${url}/large`)).text()).length, 2_000_000);
  t.match(await (await fetch(`${url}/events`)).text(), 'data: one');
});
