/**
 * The server's half of the opening handshake: a request read, judged, and its 101 built; against
 * `websocket-driver`, which does it from bytes as well, and `ws`, which begins with a request that
 * `node:http` has parsed. ws makes the object of its connection on the way, which is part of what
 * it does in a handshake.
 *
 *   npm run bench -- handshake [--quick]
 */
import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { Duplex } from 'node:stream';
import {
  buildUpgradeResponse,
  formatUpgradeResponse,
  readUpgradeRequest,
  type UpgradeRequest,
} from 'barewire/handshake';
import { RequestReader } from 'barewire/http';
import { WebSocketServer } from 'ws';
import type { Case } from './support/suite.ts';
import { runSuites } from './support/suite-command.ts';

const FIELDS: readonly (readonly [name: string, value: string])[] = [
  ['Host', 'server.example.com'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36'],
  ['Upgrade', 'websocket'],
  ['Connection', 'keep-alive, Upgrade'],
  ['Origin', 'http://server.example.com'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Protocol', 'chat'],
];
const REQUEST = Buffer.from(
  `GET /chat HTTP/1.1\r\n${FIELDS.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
);

/** A server answers with 101 and this key's accept value [RFC 6455 §1.3]. */
function check(answer: string): number {
  if (!answer.startsWith('HTTP/1.1 101 ') || !answer.includes('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')) {
    throw new Error(`not the answer: ${answer}`);
  }
  return answer.length;
}

function answer(request: UpgradeRequest): string {
  const verdict = readUpgradeRequest(request, {});
  if (!verdict.ok) throw verdict.error;
  return formatUpgradeResponse(buildUpgradeResponse(verdict, { protocol: 'chat' }));
}

/** Reads the request; what it says is valid for as long as `use` runs. */
function withRequest(use: (request: UpgradeRequest) => void): void {
  const reader = new RequestReader({
    head: use,
    body() {},
    end: () => reader.resume(),
    failed(error) {
      throw error;
    },
  });
  reader.receive(REQUEST);
}

const { server: startDriver } = createRequire(import.meta.url)('websocket-driver') as {
  server(options: object): {
    readonly io: {
      write(chunk: Buffer): boolean;
      on(event: 'data', listener: (piece: Buffer | string) => void): void;
    };
    on(event: 'connect', listener: () => void): void;
    start(): boolean;
  };
};

function fromBytes(): Case[] {
  return [
    {
      name: 'barewire',
      run() {
        let text = '';
        withRequest((request) => {
          text = answer(request);
        });
        return check(text);
      },
    },
    {
      name: 'websocket-driver',
      run() {
        let text = '';
        const driver = startDriver({ protocols: ['chat'] });
        driver.on('connect', () => driver.start());
        driver.io.on('data', (piece) => {
          text += piece;
        });
        driver.io.write(REQUEST);
        return check(text);
      },
    },
  ];
}

/** A socket that remembers what was written to it. */
class Wire extends Duplex {
  text = '';

  override _read(): void {}

  override _write(piece: Buffer, _encoding: string, done: () => void): void {
    this.text += piece.toString('latin1');
    done();
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }
}

function fromRequest(): Case[] {
  const sockets = new WebSocketServer({ noServer: true, clientTracking: false });
  const headers = Object.fromEntries(FIELDS.map(([name, value]) => [name.toLowerCase(), value]));
  const request = { method: 'GET', url: '/chat', headers } as unknown as IncomingMessage;
  const nothing = Buffer.alloc(0);
  const fields = {
    get: (name: string) => headers[name],
    getAll: (name: string) => (headers[name] === undefined ? [] : [headers[name]]),
  };
  const parsed = { method: 'GET', target: '/chat', version: '1.1', fields };
  return [
    { name: 'barewire', run: () => check(answer(parsed)) },
    {
      name: 'ws',
      run() {
        const wire = new Wire();
        sockets.handleUpgrade(request, wire, nothing, () => {});
        return check(wire.text);
      },
    },
  ];
}

await runSuites('handshake', [
  { id: 'from bytes', title: 'request read, judged, answered', cases: fromBytes },
  { id: 'from a request', title: 'a parsed request judged and answered', cases: fromRequest },
]);
