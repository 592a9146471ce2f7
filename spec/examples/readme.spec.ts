/** The programs of the README, executed as they stand there, on free ports. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Server } from 'barewire';
import { connectWebSocket } from 'barewire/client';
import t, { type Test } from 'tap';
import ts from 'typescript';

const here = dirname(fileURLToPath(import.meta.url));
const readme = readFileSync(resolve(here, '../../../README.md'), 'utf8');
/** Programs of the section on embedding are held against those that embedding.spec.ts runs. */
const [before, after] = readme.split('## Embedding');
const ours = before + after!.slice(after!.indexOf('\n## '));
const programs = [...ours.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);

/** Runs a program; port 9292 becomes a free one, and the server is handed out. */
async function run(t: Test, title: RegExp): Promise<{ url: string; port: number }> {
  const code = programs.find((text) => title.test(text))!;
  const changed = code
    .replace('const server =', 'export const server =')
    .replace(
      'await server.listen(9292)',
      "export const address = await server.listen(0, '127.0.0.1')",
    );
  mkdirSync(resolve(here, 'readme'), { recursive: true });
  const file = resolve(here, `readme/${programs.indexOf(code)}.mjs`);
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  writeFileSync(file, ts.transpileModule(changed, { compilerOptions }).outputText);
  const module = (await import(pathToFileURL(file).href)) as {
    server: Server;
    address: { port: number };
  };
  t.teardown(() => module.server.close({ deadlineMs: 0 }));
  const { port } = module.address;
  return { port, url: `http://127.0.0.1:${port}/` };
}

t.equal(programs.length, 6);

t.test('respond', async (t) => {
  const { url } = await run(t, /exchange\.respond/);
  const answer = await fetch(url, {
    method: 'POST',
    body: '{"tea":1}',
    headers: { 'content-type': 'application/json' },
  });
  t.equal(answer.status, 201);
  t.strictSame(await answer.json(), { order: { tea: 1 } });
  const refused = await fetch(url);
  t.equal(refused.status, 405);
  t.equal(refused.headers.get('allow'), 'POST');
  await refused.text();
});

t.test('stream', async (t) => {
  const { url } = await run(t, /exchange\.stream/);
  t.equal(await (await fetch(url)).text(), '20%\n40%\n60%\n80%\n100%\n');
});

t.test('event stream', async (t) => {
  const { url } = await run(t, /exchange\.eventStream/);
  const leave = new AbortController();
  const answer = await fetch(url, { signal: leave.signal });
  t.match(answer.headers.get('content-type'), /^text\/event-stream/);
  let text = '';
  for await (const bytes of answer.body!) {
    text += Buffer.from(bytes).toString();
    if (text.split('\n\n').length > 3) break;
  }
  leave.abort();
  t.match(text, /event: price\n/);
  t.match(text, /id: \S+\n/);
});

t.test('accept', async (t) => {
  t.capture(console, 'log');
  const { port } = await run(t, /websocket:/);
  const url = `ws://127.0.0.1:${port}/chat`;
  const [left, right] = [await connectWebSocket(url), await connectWebSocket(url)];
  left.send('to all');
  for (const peer of [left, right]) {
    const seen: unknown[] = [];
    for await (const message of peer) {
      seen.push(message);
      if (seen.length === 2) break;
    }
    t.strictSame(seen, ['welcome', 'to all']);
  }
  await t.rejects(connectWebSocket(`ws://127.0.0.1:${port}/other`), { status: 404 } as never);
});

t.test('hijack', async (t) => {
  const { url } = await run(t, /exchange\.hijack/);
  t.equal(await (await fetch(url)).text(), 'hi');
});

t.test('the codec alone', async (t) => {
  const printed = t.capture(console, 'log');
  const code = programs.find((text) => text.includes('barewire/codec'))!;
  const file = resolve(here, 'readme/codec.mjs');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
  await import(pathToFileURL(file).href);
  t.strictSame(
    printed().map(({ args }) => args.join(' ')),
    ['opcode 1 fin true', 'hello', 'frame-not-masked 1002 RFC 6455 §5.1'],
  );
});
