/**
 * As shape-child.ts, for a class that is used without a server:
 *
 *   node --expose-gc shape-alone.js <name> <objects that are collected>
 */
import { printFieldsOutside } from './heap-fields.ts';

const LATER = 10;

/** Each is loaded alone: another that is built from it would have made its first objects. */
const CLASSES: Record<string, () => Promise<() => object>> = {
  async Connection() {
    const { Connection } = await import('../../lib/connection/connection.ts');
    return () => new Connection({} as never, { role: 'server', now: () => 0 });
  },
  async MessageReader() {
    const { MessageReader } = await import('../../lib/connection/message-reader.ts');
    return () => new MessageReader({ role: 'server' });
  },
  async RequestReader() {
    const { RequestReader } = await import('../../lib/http/request-reader.ts');
    return () => new RequestReader({} as never);
  },
  async ResponseReader() {
    const { ResponseReader } = await import('../../lib/http/response-reader.ts');
    return () => new ResponseReader({} as never);
  },
  async EventStreamReader() {
    const { EventStreamReader } = await import('../../lib/sse/event-stream-reader.ts');
    return () => new EventStreamReader({} as never);
  },
  async Http2Transport() {
    const { Http2Transport } = await import('../../lib/peer/http2-transport.ts');
    return () => new Http2Transport({ on() {} } as never);
  },
  async WebSocket() {
    const { WebSocket } = await import('../../lib/client/websocket.ts');
    const { NOWHERE } = await import('../../lib/client/world.ts');
    return () => new WebSocket('ws://localhost', [], {}, NOWHERE);
  },
  async EventSource() {
    const { EventSource } = await import('../../lib/client/event-source.ts');
    const { NOWHERE } = await import('../../lib/client/world.ts');
    return () => new EventSource('http://localhost', {}, NOWHERE);
  },
};

const [name = '', collected = ''] = process.argv.slice(2);
const make = await CLASSES[name]!();
for (let count = 0; count < Number(collected); count += 1) make();
for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
(globalThis as unknown as { gc(): void }).gc();
const later = Array.from({ length: LATER }, make);
await printFieldsOutside();
process.exit(later.length > 0 ? 0 : 1);
