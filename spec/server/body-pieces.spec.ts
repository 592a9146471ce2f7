import t from 'tap';
import { BodyPieces, type PieceSource } from '../../lib/server/body-pieces.ts';
import { post, readResponses, serve } from '../support/serving.ts';
import { eventually } from '../support/sockets.ts';

const DONE = { value: undefined, done: true };

/** A body whose pieces the spec brings. */
class Source implements PieceSource {
  readonly told: string[] = [];
  readonly pieces: string[] = [];
  isComplete = false;
  error: Error | undefined;
  #wake: (() => void) | undefined;

  begin(): void {
    this.told.push('begin');
    if (this.error !== undefined) throw this.error;
  }
  take(): Buffer | undefined {
    const piece = this.pieces.shift();
    if (piece !== undefined) return Buffer.from(piece);
    if (this.error !== undefined) throw this.error;
    return this.isComplete ? undefined : Buffer.alloc(0);
  }
  wait(wake: () => void): void {
    this.told.push('wait');
    this.#wake = wake;
  }
  leave(): void {
    this.told.push('leave');
  }
  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

t.test('gives what has come, and waits when that is nothing', async (t) => {
  const source = new Source();
  const pieces = new BodyPieces(source);
  t.strictSame(source.told, [], 'nothing is read before the first next');
  source.pieces.push('a', 'b');
  t.equal((await pieces.next()).value?.toString(), 'a');
  t.equal((await pieces.next()).value?.toString(), 'b');
  const next = pieces.next();
  await t.rejects(pieces.next(), { code: 'already-reading' });
  source.wake();
  await Promise.resolve();
  t.strictSame(source.told, ['begin', 'wait', 'wait'], 'what was nothing is waited for again');
  source.pieces.push('c');
  source.wake();
  t.equal((await next).value?.toString(), 'c');
  source.isComplete = true;
  t.strictSame(await pieces.next(), DONE);
  t.strictSame(await pieces.next(), DONE);
  t.strictSame(source.told, ['begin', 'wait', 'wait', 'leave']);
});

t.test('throws a failure once', async (t) => {
  const source = new Source();
  const pieces = new BodyPieces(source);
  const next = pieces.next();
  source.error = new Error('broken');
  source.wake();
  await t.rejects(next, source.error);
  t.strictSame(await pieces.next(), DONE);
  t.strictSame(source.told, ['begin', 'wait', 'leave']);
});

t.test('leaves nothing that it could not begin', async (t) => {
  const source = new Source();
  source.error = new Error('read already');
  const pieces = new BodyPieces(source);
  await t.rejects(pieces.next(), source.error);
  t.strictSame(await pieces.next(), DONE);
  const unused = new BodyPieces(source);
  t.strictSame(await unused.return(), DONE);
  t.strictSame(await unused.next(), DONE);
  t.strictSame(source.told, ['begin']);
});

for (const way of ['return', 'throw'] as const) {
  t.test(`settles at once what waits when it is left: ${way}`, async (t) => {
    const source = new Source();
    const pieces = new BodyPieces(source);
    const next = pieces.next();
    const why = new Error('why');
    const left = pieces[way](why);
    if (way === 'return') t.strictSame(await left, DONE);
    else await t.rejects(left, why);
    t.strictSame(await next, DONE);
    t.strictSame(await pieces.next(), DONE);
    source.wake();
    t.strictSame(await pieces.return(), DONE);
    t.strictSame(source.told, ['begin', 'wait', 'leave'], 'and is left once');
  });
}

t.test('a body can be left from elsewhere while it is waited for', async (t) => {
  let pieces: AsyncIterator<Buffer, undefined> | undefined;
  const seen: unknown[] = [];
  const { connect } = await serve(t, async (exchange) => {
    if (exchange.path === '/next') return exchange.respond(200, {}, 'next');
    pieces = exchange.body[Symbol.asyncIterator]();
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
      seen.push(next.value.toString());
    }
    seen.push('left');
    exchange.respond(200, {}, 'early');
  });
  const client = connect().send(post('/', '12345').slice(0, -2));
  await eventually(() => seen.length === 1);
  t.strictSame(await pieces!.return!(), DONE);
  await client.until('early');
  t.strictSame(seen, ['123', 'left']);
  client.send(`45${post('/next', '')}`);
  await client.until('next');
  t.same(
    readResponses(client.text).map(({ body }) => body),
    ['early', 'next'],
  );
});
