/**
 * Laws of a running server, for any interleaving of what clients send, read, end and break off,
 * what handlers do and fail to do, and time that passes. No sockets: the wires are in the hands of
 * the law.
 */
import type { Duplex } from 'node:stream';
import { createServer, type Exchange } from 'barewire';
import t from 'tap';
import { FakeTime } from '../support/fake-time.ts';
import { fc } from '../support/fast-check.ts';
import { recordResponses } from '../support/http-driver.ts';
import { turn, weighed } from '../support/interleavings.ts';
import { runs } from '../support/laws.ts';
import { duplexPair } from '../support/sockets.ts';

/** What can happen, and how often: ends are rare, or little would happen before them. */
const WEIGHTS = {
  ...{ connect: 3, get: 6, post: 4, chunked: 3, garble: 0.3, send: 10, sendAll: 8 },
  ...{ pause: 1, resume: 3, end: 0.5, destroy: 0.5 },
  ...{
    respond: 8,
    begin: 5,
    write: 8,
    writeMuch: 1,
    writeBytes: 2,
    finish: 5,
    readBody: 5,
    fail: 0.5,
    cut: 0.3,
  },
  ...{ wait: 4, waitLong: 0.3, close: 0.1 },
};
type Action = keyof typeof WEIGHTS;

/** What handlers accept of a body that they read whole. */
const MAX_BODY_BYTES = 120;

const action = weighed(WEIGHTS);
/** What is done, to which of them, how much, and how many turns go by before the next. */
const step = fc.record({
  action,
  which: fc.nat(5),
  size: fc.oneof(fc.nat(150), fc.constantFrom(MAX_BODY_BYTES, MAX_BODY_BYTES + 1)),
  turns: fc.nat(2),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** A client, as the law has it. */
class Client {
  readonly id: number;
  readonly far: Duplex;
  readonly near: Duplex;
  /** Written, and not carried yet. */
  backlog = '';
  requests = 0;
  hasGarbled = false;
  hasEnded = false;
  isRefused = false;
  readonly received: Buffer[] = [];

  constructor(id: number) {
    this.id = id;
    [this.near, this.far] = duplexPair();
    this.far.on('error', () => {});
    this.far.on('data', (bytes: Buffer) => this.received.push(bytes));
  }

  /** Carries so many characters. */
  flow(count: number): void {
    const piece = this.backlog.slice(0, count);
    this.backlog = this.backlog.slice(count);
    if (piece !== '' && this.far.writable) this.far.write(piece);
  }
}

/** An exchange that a handler has, and the promise that it has given for it. */
interface Task {
  readonly exchange: Exchange;
  readonly settle: (error?: Error) => void;
  body: ReturnType<Exchange['stream']> | undefined;
}

/** Text that is nowhere as it is elsewhere. */
const NUMBERS = Array.from({ length: 10_000 }, (_, index) => `${index} `.padStart(7, '0')).join('');
const MANY_NUMBERS = NUMBERS.repeat(16);
/** So many requests are answered on one connection. */
const MAX_REQUESTS = 6;
/** More than a run has by chance; so many times as long is what a handler writes at once. */
const MAX_BUFFERED_BYTES = 2_000_000;
const FLOOD = MAX_BUFFERED_BYTES / NUMBERS.length + 1;
/** A body, of which a server must not take more than a part while nobody reads it. */
const LONG_BYTES = 1_000_000;
const MOST_TAKEN = 300_000;

/** How clients keep others waiting in the end. */
const HABITS = [
  ...['say nothing', 'half a head', 'half a body', 'read nothing', 'read nothing of too much'],
  ...['say too much', 'say too much to a slow reader'],
] as const;
type Habit = (typeof HABITS)[number];

const MEANT = 'a handler that fails on purpose';

/** A server, its clients, its handlers and its time. */
class Run {
  readonly time = new FakeTime();
  readonly errors: unknown[] = [];
  readonly clients: Client[] = [];
  tasks: Task[] = [];
  /** What the body of each request is, and of each answer, as far as it was written. */
  readonly asked = new Map<string, string>();
  readonly said = new Map<string, string>();
  isClosed = false;
  /** Whether nothing has happened that cuts a connection: then nobody may be left waiting. */
  isPeaceful = true;
  #passedMs = 0;
  closing: Promise<unknown> | undefined;
  answered = 0;
  readonly server = createServer({
    time: this.time,
    maxRequestsPerConnection: MAX_REQUESTS,
    maxBufferedBytes: MAX_BUFFERED_BYTES,
    error: (error) => this.errors.push(error),
    request: (exchange) =>
      new Promise<void>((resolve, reject) => {
        const settle = (error?: Error): void => (error ? reject(error) : resolve());
        this.tasks.push({ exchange, settle, body: undefined });
      }),
  });

  do({ action, which, size }: Step): void {
    const client = this.clients[which % Math.max(1, this.clients.length)];
    const task = this.tasks[which % Math.max(1, this.tasks.length)];
    if (action === 'wait' || action === 'waitLong') {
      const ms = action === 'wait' ? 400 : 25_000;
      this.#passedMs += ms;
      this.isPeaceful &&= this.#passedMs < 4_000;
      this.time.advance(ms);
    } else if (action === 'close') this.close(5_000);
    else if (action === 'connect') this.#connect();
    else if (client !== undefined && this.#talk(action, client, size)) return;
    else if (task !== undefined) this.#handle(action, task);
  }

  close(deadlineMs: number): void {
    this.closing ??= this.server.close({ deadlineMs }).then(() => {
      this.isClosed = true;
    });
  }

  #connect(): void {
    if (this.closing !== undefined) return;
    const client = new Client(this.clients.length);
    this.clients.push(client);
    this.server.serve(client.near);
  }

  #talk(action: Action, client: Client, size: number): boolean {
    if (action === 'get' || action === 'post' || action === 'chunked')
      this.#ask(client, action, size);
    else if (action === 'garble') {
      client.backlog += '\r\nNONSENSE\r\n\r\n';
      client.hasGarbled = true;
    } else if (action === 'send') client.flow(size);
    else if (action === 'sendAll') client.flow(Number.POSITIVE_INFINITY);
    else if (action === 'pause') client.far.pause();
    else if (action === 'resume') client.far.resume();
    else if (action === 'end') client.far.end();
    else if (action === 'destroy') client.far.destroy();
    else return false;
    client.hasEnded ||= action === 'end' || action === 'destroy';
    return true;
  }

  #handle(action: Action, task: Task): void {
    const { exchange, body } = task;
    const { path } = exchange;
    if (action === 'readBody') return this.#read(exchange);
    if (action.startsWith('write')) {
      const text =
        action === 'write' ? `${path} ` : NUMBERS.slice(action === 'writeMuch' ? 0 : -900);
      if (body !== undefined) this.said.set(path, `${this.said.get(path)}${text}`);
      return void body?.write(action === 'writeBytes' ? Buffer.from(text) : text);
    }
    if (action === 'begin') {
      if (body !== undefined) return;
      this.said.set(path, '');
      task.body = exchange.stream(200);
      return;
    }
    this.isPeaceful &&= action !== 'fail' && action !== 'cut';
    if (action === 'fail') this.#leave(task, new Error(MEANT));
    else if (action === 'cut' && body !== undefined) {
      body.abort();
      this.#leave(task);
    } else if (action === 'finish' && body !== undefined) {
      body.end();
      this.#leave(task);
    } else if (action === 'respond' && body === undefined) {
      this.said.set(path, `${path} whole`);
      exchange.respond(200, {}, `${path} whole`);
      this.#leave(task);
    }
  }

  #read({ path, body }: Exchange): void {
    const asked = this.asked.get(path)!;
    const isAllowed = asked.length <= MAX_BODY_BYTES;
    const check = (bytes: Buffer): void => {
      const isRight = isAllowed && bytes.toString() === asked;
      if (!isRight) this.errors.push(new Error(`${bytes} came for ${asked}`));
    };
    const refuse = ({ code }: { readonly code?: string }): void => {
      if (code !== 'body-too-large') return;
      if (isAllowed) this.errors.push(new Error(`${asked} is refused`));
      // Its connection ends with the answer.
      this.clients[Number.parseInt(path.slice(1), 10)]!.isRefused = true;
    };
    body.bytes({ maxBytes: MAX_BODY_BYTES }).then(check, refuse);
  }

  #ask(client: Client, how: 'get' | 'post' | 'chunked', size: number): void {
    const path = `/${client.id}-${client.requests}`;
    const from = client.requests * 9;
    const body = how === 'get' ? '' : MANY_NUMBERS.slice(from, from + size);
    client.requests += 1;
    this.asked.set(path, body);
    const head = `${how === 'get' ? 'GET' : 'POST'} ${path} HTTP/1.1\r\nHost: law\r\n`;
    if (how === 'get') client.backlog += `${head}\r\n`;
    else if (how === 'post') client.backlog += `${head}Content-Length: ${size}\r\n\r\n${body}`;
    else {
      const chunk = size === 0 ? '' : `${size.toString(16)}\r\n${body}\r\n`;
      client.backlog += `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`;
    }
  }

  #leave(task: Task, error?: Error): void {
    this.tasks = this.tasks.filter((other) => other !== task);
    task.settle(error);
  }

  /** Everybody sends and reads what is left, and every handler comes to its end. */
  async settle(): Promise<void> {
    const isPeaceful = this.isPeaceful && this.closing === undefined;
    for (let round = 0; round < 12; round += 1) {
      for (const client of this.clients) {
        client.far.resume();
        client.flow(Number.POSITIVE_INFINITY);
      }
      for (const task of this.tasks) {
        this.#handle(task.body === undefined ? 'respond' : 'finish', task);
      }
      await someTurns();
    }
    if (!isPeaceful) return;
    for (const { received, requests, hasGarbled, hasEnded, isRefused } of this.clients) {
      if (hasGarbled || hasEnded || isRefused) continue;
      const answers = countAnswers(received);
      const due = Math.min(requests, MAX_REQUESTS);
      if (answers !== due) throw new Error(`${answers} answers to ${requests} requests`);
    }
  }

  /** Nobody goes on: each connection must end in its time, and late clients must be told. */
  async outlast(habit: (client: Client) => Habit): Promise<void> {
    if (this.closing !== undefined) return;
    const late: Client[] = [];
    for (const client of this.clients) {
      if (client.near.writableEnded || client.near.destroyed || client.hasEnded) continue;
      if (await this.#keepWaiting(client, habit(client))) late.push(client);
    }
    for (let second = 0; second < 40; second += 1) {
      this.time.advance(1_000);
      await turn();
      await turn();
    }
    const { openConnections } = this.server.stats();
    if (openConnections > 0) throw new Error(`${openConnections} wait for ever`);
    for (const { received } of late) {
      const last = recordResponses([Buffer.concat(received)]).messages.at(-1);
      if (last?.head['status'] !== 408) throw new Error(`told ${last?.head['status']}`);
    }
  }

  /** Has a client keep others waiting. @returns whether it is to be told that it is late. */
  async #keepWaiting(client: Client, habit: Habit): Promise<boolean> {
    const { far } = client;
    const others = new Set(this.tasks);
    if (habit === 'half a head') far.write('GET /late HTTP/1.1\r\nHo');
    else if (habit === 'half a body') {
      client.requests += 1;
      far.write('POST /late HTTP/1.1\r\nHost: law\r\nContent-Length: 9\r\n\r\nhalf');
    } else if (habit.startsWith('read nothing')) {
      far.pause();
      for (let count = 0; count < 2; count += 1) this.#ask(client, 'get', 0);
      client.flow(Number.POSITIVE_INFINITY);
    } else if (habit.startsWith('say too much')) {
      this.#ask(client, 'post', LONG_BYTES);
      for (; client.backlog !== ''; client.flow(10_000));
    }
    await someTurns();
    const task = this.tasks.find((each) => !others.has(each));
    if (task === undefined) return habit === 'half a head';
    if (habit === 'half a body') {
      task.exchange.body.bytes().catch((error: Error) => this.#leave(task, error));
    } else if (habit.startsWith('read nothing')) {
      await this.#flood(client, task, habit === 'read nothing' ? 2 : FLOOD);
    } else {
      if (habit === 'say too much to a slow reader') {
        await task.exchange.body[Symbol.asyncIterator]().next();
      }
      await someTurns();
      const taken = LONG_BYTES - far.writableLength;
      if (taken > MOST_TAKEN) throw new Error(`${taken} bytes that nobody reads are taken`);
      this.#handle('respond', task);
    }
    return habit === 'half a body';
  }

  /** Answers much to who reads nothing: it is not served further, and cut if that is too much. */
  async #flood(client: Client, task: Task, times: number): Promise<void> {
    const before = this.tasks.length;
    this.#handle('begin', task);
    for (let count = 0; count < times; count += 1) this.#handle('writeMuch', task);
    this.#handle('finish', task);
    await someTurns();
    if (this.tasks.length >= before) throw new Error('served without reading');
    if (times > 2 && !client.near.destroyed) throw new Error('too much is kept');
  }

  /** The server closes, whoever is there still. */
  async finish(): Promise<void> {
    this.close(5_000);
    for (let second = 0; !this.isClosed; second += 1) {
      if (second > 10) throw new Error(`it never ends: ${JSON.stringify(this.server.stats())}`);
      await someTurns();
      this.time.advance(1_000);
    }
    // The wheel stops when it finds nothing to do.
    this.time.advance(1_000);
    await someTurns();
  }

  /** What holds at any time: every client reads well-formed answers, in the order it asked. */
  check(): void {
    for (const { id, received, requests, hasGarbled, hasEnded } of this.clients) {
      const { failure, messages } = recordResponses([Buffer.concat(received)]);
      if (failure !== undefined) throw new Error(`the client reads ${failure.code}`);
      const complete = messages.filter(({ isComplete }) => isComplete);
      for (const [index, { head, body }] of complete.entries()) {
        const status = head['status'] as number;
        if (status === 200) {
          const said = this.said.get(`/${id}-${index}`);
          if (body !== said) throw new Error(`answer ${index} says ${body}, not ${said}`);
        } else if (status === 400 && !hasGarbled && !hasEnded) {
          throw new Error('a bad request that nobody sent');
        } else if (![400, 408, 500, 503].includes(status)) throw new Error(`answered ${status}`);
      }
      const answers = complete.filter(({ head }) => head['status'] === 200).length;
      if (answers > Math.min(requests, MAX_REQUESTS))
        throw new Error(`${answers} answers to ${requests} requests`);
    }
    const strange = this.errors.find((error) => (error as Error).message !== MEANT);
    if (strange !== undefined) throw strange;
  }

  /** What holds at the end. */
  checkEnd(): void {
    const { openConnections } = this.server.stats();
    if (openConnections > 0) throw new Error(`${openConnections} connections are left`);
    if (this.tasks.length > 0) throw new Error('a handler is left');
    if (this.time.tickers > 0) throw new Error('a timer is left');
    if (this.clients.some(({ near }) => !near.destroyed)) throw new Error('a stream is left');
    for (const { received } of this.clients) {
      this.answered += countAnswers(received);
    }
  }
}

/** Complete answers that say yes. */
function countAnswers(received: readonly Buffer[]): number {
  const { messages } = recordResponses([Buffer.concat(received)]);
  return messages.filter(({ head, isComplete }) => isComplete && head['status'] === 200).length;
}

async function someTurns(): Promise<void> {
  for (let turns = 0; turns < 4; turns += 1) await turn();
}

t.test('law: answers are well-formed and in order, and nothing and nobody is left', async (t) => {
  let answered = 0;
  const law = fc.asyncProperty(
    fc.array(step, { minLength: 10, maxLength: 120, size: 'max' }),
    fc.array(fc.constantFrom(...HABITS), { minLength: 3, maxLength: 3 }),
    async (steps, habits) => {
      const run = new Run();
      for (const each of steps) {
        run.do(each);
        for (let count = 0; count < each.turns; count += 1) await turn();
      }
      run.check();
      await run.settle();
      run.check();
      await run.outlast(({ id }) => habits[id % habits.length]!);
      run.check();
      await run.finish();
      run.check();
      run.checkEnd();
      answered += run.answered;
    },
  );
  await fc.assert(law, runs(150));
  t.ok(answered > 100, `${answered} requests answered`);
});
