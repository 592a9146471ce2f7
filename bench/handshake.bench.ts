/**
 * The server's half of the opening handshake: a request read, judged, and its 101 built; against
 * `websocket-driver`, which does it from bytes as well, and `ws`, which begins with a request that
 * `node:http` has parsed, and a stream. From these both make an open connection, since ws cannot do
 * without; it goes when the stream is destroyed. What the protocol alone takes of that is `judged`.
 *
 *   npm run bench -- handshake [--quick]
 */
import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { Duplex } from 'node:stream';
import { acceptUpgrade, LineFields } from 'barewire/adapters';
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

const RAW_HEADERS = FIELDS.flat();
const HEADERS = Object.fromEntries(FIELDS.map(([name, value]) => [name.toLowerCase(), value]));
const NOTHING = Buffer.alloc(0);

/** What both are given: a request as `node:http` has parsed it. */
const PARSED = {
  ...{ method: 'GET', url: '/chat', httpVersion: '1.1' },
  ...{ headers: HEADERS, rawHeaders: RAW_HEADERS },
} as unknown as IncomingMessage;

/** Answers on a stream, of which a connection is made; that goes with the stream. */
async function onWire(accept: (wire: Wire) => unknown): Promise<number> {
  const wire = new Wire();
  const closed = new Promise((resolve) => wire.once('close', resolve));
  await accept(wire);
  const length = check(wire.text);
  wire.destroy();
  await closed;
  return length;
}

function fromRequest(): Case[] {
  const sockets = new WebSocketServer({ noServer: true, clientTracking: false });
  const endpoint = { origins: 'any', protocols: ['chat'] } as const;
  return [
    {
      name: 'barewire',
      isAsync: true,
      run: () => onWire((wire) => acceptUpgrade(PARSED, wire, NOTHING, endpoint)),
    },
    {
      name: 'ws',
      isAsync: true,
      run: () => onWire((wire) => sockets.handleUpgrade(PARSED, wire, NOTHING, () => {})),
    },
  ];
}

/** The protocol alone, without a stream and a connection: nobody to compare with. */
function judged(): Case[] {
  const fields = new LineFields(RAW_HEADERS);
  const parsed = { method: 'GET', target: '/chat', version: '1.1', fields };
  return [{ name: 'barewire', run: () => check(answer(parsed)) }];
}

await runSuites('handshake', [
  { id: 'from bytes', title: 'request read, judged, answered', cases: fromBytes },
  {
    id: 'on a stream',
    title: 'a parsed request judged and answered, its connection made and dropped',
    cases: fromRequest,
  },
  { id: 'judged', title: 'a parsed request judged and its answer built', cases: judged },
]);
