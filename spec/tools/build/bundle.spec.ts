/** The bundles that are published: as much as the modules, under the same names, nothing twice. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const bundles = join(root, 'dist/bundle');

interface Target {
  readonly 'barewire-modules': string;
  readonly default: string;
}
type Exports = Record<string, unknown>;

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | Target>;
};
const targets = Object.entries(exports).filter(
  (entry): entry is [string, Target] => typeof entry[1] !== 'string',
);
const load = (path: string): Promise<Exports> => import(join(root, path));

/** A thing's own name, if it has one: what users see in a stack trace or a dump. */
const nameOf = (thing: unknown): string => (typeof thing === 'function' ? thing.name : '');

t.test('each subpath exports what its modules export, under the same names', async (t) => {
  t.ok(targets.length > 10, `${targets.length} subpaths`);
  for (const [subpath, target] of targets) {
    const modules = await load(target['barewire-modules']);
    const bundle = await load(target.default);
    t.same(Object.keys(bundle).sort(), Object.keys(modules).sort(), subpath);
    for (const name of Object.keys(modules)) {
      t.equal(nameOf(bundle[name]), nameOf(modules[name]), `${subpath}: ${name}`);
      t.equal(typeof bundle[name], typeof modules[name]);
    }
  }
});

t.test('what is one thing for two subpaths stays one', async (t) => {
  const twins = new Map<unknown, unknown>();
  let shared = 0;
  for (const [subpath, target] of targets) {
    const modules = await load(target['barewire-modules']);
    for (const [name, thing] of Object.entries(await load(target.default))) {
      const original = modules[name];
      if (typeof original !== 'function') continue;
      if (twins.has(original)) shared += 1;
      else twins.set(original, thing);
      t.equal(thing, twins.get(original), `${name} of ${subpath}`);
    }
  }
  t.ok(shared >= 8, `${shared} are exported more than once`);
});

t.test('brings nothing along but what stands in lib', (t) => {
  const names = readdirSync(bundles).filter((name) => name.endsWith('.js'));
  t.equal(names.length, targets.length, 'a file for each chapter');
  const sources = new Set<string>();
  for (const name of names) {
    const text = readFileSync(join(bundles, name), 'utf8');
    for (const [, from] of text.matchAll(/^(?:import|export) .*?from "([^"]+)";$/gm)) {
      const isBeside = from!.startsWith('./') && existsSync(join(bundles, from!));
      t.ok(isBeside || from === 'debug' || from!.startsWith('node:'), `${name}: ${from}`);
    }
    const map = JSON.parse(readFileSync(join(bundles, `${name}.map`), 'utf8'));
    for (const source of new SourceMap(map).payload.sources) sources.add(source);
  }
  t.ok(sources.size > 150, `${sources.size} sources`);
  for (const source of sources) {
    t.match(source, /^\.\.\/\.\.\/lib\//);
    t.ok(existsSync(join(bundles, source)), `${source} is there`);
  }
  t.end();
});

t.test('server and client of the bundles talk to each other', async (t) => {
  const { createServer } = (await load(
    'dist/bundle/server.js',
  )) as typeof import('barewire/server');
  const { connectWebSocket } = (await load(
    'dist/bundle/client.js',
  )) as typeof import('barewire/client');
  const server = createServer({ websocket: { message: (peer, data) => void peer.send(data) } });
  const { port } = await server.listen(0, '127.0.0.1');
  const peer = await connectWebSocket(`ws://127.0.0.1:${port}/`);
  await peer.send('über');
  for await (const data of peer) {
    t.equal(data, 'über');
    break;
  }
  await peer.close();
  await server.close();
});
