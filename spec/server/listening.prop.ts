/**
 * Connections have the same options in the kernel, whether they have them from the socket that
 * listens or were given them one by one: from the beginning, and whatever an application sets then.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import t from 'tap';
import { LatentSocket } from '../../lib/server/latent-socket.ts';
import { prepareListener, prepareSocket } from '../../lib/server/listening.ts';
import { onSharedRead } from '../../lib/server/pump-listeners.ts';
import { takeConnections } from '../../lib/server/taken-connections.ts';
import { fc } from '../support/fast-check.ts';
import { needsFastPath } from '../support/fast-paths.ts';
import { turn } from '../support/interleavings.ts';
import { kernelOptions, NEEDS_KERNEL_OPTIONS } from '../support/kernel-options.ts';
import { runs } from '../support/laws.ts';
import { eventually, listen, RawClient } from '../support/sockets.ts';

type Setting = (socket: Socket) => unknown;

const setting: fc.Arbitrary<Setting> = fc.oneof(
  fc.boolean().map(
    (isOn): Setting =>
      (socket) =>
        socket.setNoDelay(isOn),
  ),
  fc.tuple(fc.boolean(), fc.constantFrom(0, 1_000, 30_000, 60_000)).map(
    ([isOn, delayMs]): Setting =>
      (socket) =>
        socket.setKeepAlive(isOn, delayMs),
  ),
);

/** A server, and the connections that wait for whoever takes them. */
class Way {
  readonly #server: Server;
  readonly #accepted: Socket[] = [];
  #port = 0;

  constructor() {
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  }

  /**
   * @param inherits whether they are to have their options from the server.
   * @param isLatent whether they are made sockets later.
   */
  async open(inherits: boolean, isLatent = false): Promise<this> {
    this.#port = await listen(this.#server);
    const give = (accepted: Socket | LatentSocket): void =>
      void this.#accepted.push(accepted instanceof LatentSocket ? accepted.make() : accepted);
    const isPrepared = inherits ? prepareListener(this.#server) : undefined;
    const onMade = isLatent ? () => undefined : undefined;
    takeConnections(this.#server, onSharedRead, give, isPrepared, onMade);
    await turn();
    await turn();
    assert.equal(isPrepared?.() ?? false, inherits);
    return this;
  }

  async connect(): Promise<{ socket: Socket; close: () => Promise<unknown> }> {
    const client = new RawClient(this.#port);
    await eventually(() => this.#accepted.length > 0);
    const socket = this.#accepted.shift()!;
    prepareSocket(socket);
    return {
      socket,
      close: () => {
        const closed = once(socket, 'close');
        socket.destroy();
        client.close();
        return closed;
      },
    };
  }

  close(): void {
    this.#server.close();
  }
}

const wanted = { ...needsFastPath('inherited-options'), ...NEEDS_KERNEL_OPTIONS };

t.test('law: options that are inherited are those that are set', wanted, async (t) => {
  const ways = [
    await new Way().open(true),
    await new Way().open(false),
    await new Way().open(true, true),
    await new Way().open(false, true),
  ];
  t.teardown(() => ways.forEach((way) => void way.close()));
  await fc.assert(
    fc.asyncProperty(fc.array(setting, { maxLength: 4 }), async (settings) => {
      const [inherited, ...others] = await Promise.all(
        ways.map(async (way) => {
          const { socket, close } = await way.connect();
          for (const apply of settings) apply(socket);
          const found = await kernelOptions(socket);
          await close();
          return found;
        }),
      );
      for (const set of others) assert.deepEqual(inherited, set);
      if (settings.length > 0) return;
      assert.equal(inherited!.noDelay, 1);
      assert.equal(inherited!.keepAlive, 1);
      assert.equal(inherited!.idleSeconds, 30);
    }),
    { ...runs(25), examples: [[[]]] },
  );
  t.pass('the kernel holds the same');
});

t.test(
  'who had come before the server had options is given them',
  NEEDS_KERNEL_OPTIONS,
  async (t) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const port = await listen(server);
    const client = new RawClient(port);
    // The system has let it in by then, and the server has not heard of it.
    await new Promise<void>((done) => process.nextTick(done));
    const sockets: Socket[] = [];
    takeConnections(
      server,
      onSharedRead,
      (socket) => sockets.push(socket as Socket),
      prepareListener(server),
    );
    t.equal(sockets.length, 0);
    await once(client.socket, 'connect');
    await eventually(() => sockets.length > 0);
    prepareSocket(sockets[0]!);
    t.match(await kernelOptions(sockets[0]!), { noDelay: 1, keepAlive: 1, idleSeconds: 30 });
    sockets[0]!.destroy();
    client.close();
    server.close();
    await once(server, 'close');
  },
);
