/** Faults that only the whole server shows, to plant as those of faults.ts. */
import type { PlantedFault } from '../planted-fault.ts';

const FAULTS: Readonly<Record<string, Omit<PlantedFault, 'target'>>> = {
  'server-blames-handlers': {
    chapter: 'server',
    find: 'const answer = isForeign ? undefined : answerToFailure(error);',
    replace: 'const answer = isForeign || !isOpen ? undefined : answerToFailure(error);',
  },
  'server-forgets-connections': {
    chapter: 'server',
    find: 'this.#open.delete(socket);',
    replace: ';',
  },
  'server-chokes-on-bad-deflate': {
    chapter: 'deflate',
    find: `return new ProtocolError('deflate-data-invalid', fault);`,
    replace: 'throw new Error(fault);',
    fastPath: 'zlib-handles',
  },
  'server-does-not-wake': {
    chapter: 'server',
    find: 'this.#reader.forget();',
    replace: `this.#reader.receive = () => { throw new Error('at rest'); };`,
  },
  'server-keeps-its-vigil': {
    chapter: 'server',
    find: 'clearInterval(vigil);',
    replace: ';',
  },
  // What only a client notices that uses the time it has.
  'server-second-head-is-late': {
    chapter: 'server',
    find: 'if (this.#requests > 0)',
    replace: 'if (false)',
  },
  'server-idles-for-a-second': {
    chapter: 'server',
    find: 'this.#idleUntil = now + keepAliveTimeoutMs;',
    replace: 'this.#idleUntil = now + 1_000;',
  },
  'server-empty-lines-count': {
    chapter: 'server',
    find: 'this.#deadline.setAt(this.#idleUntil);\n        }\n    }',
    replace: 'this.#finish();\n        }\n    }',
  },
  // What only a client notices that is there when the server closes.
  'server-closing-cuts': {
    chapter: 'server',
    find: 'this.#exchange?.shutDown();',
    replace: 'this.cut();',
  },
  'server-closing-says-nothing': {
    chapter: 'server',
    find: 'return !this.#owner.isClosing && this.#input.mayGoOn;',
    replace: 'return this.#input.mayGoOn;',
  },
  'server-closing-leaves-idle': {
    chapter: 'server',
    find: 'this.#finish();\n        else\n            this.#exchange?',
    replace: ';\n        else\n            this.#exchange?',
  },
  'server-goodbye-1000': {
    chapter: 'server',
    find: `peer.close(1001, 'server closes')`,
    replace: 'peer.close(1000)',
  },
  // What only a client notices that misses a deadline.
  'server-keeps-the-idle': {
    chapter: 'server',
    find: `else if (this.#phase === 'idle') {\n            this.#finish();`,
    replace: `else if (this.#phase === 'idle') {\n            ;`,
  },
  'server-waits-for-readers': {
    chapter: 'server',
    find: 'this.#output.stalled();',
    replace: ';',
  },
  'server-says-no-408': {
    chapter: 'server',
    find: `this.inputFailed(new ProtocolError('head-timeout', \`\${headTimeoutMs} ms\`));`,
    replace: 'this.#finish();',
  },
  // What only a client notices that wants more than there is.
  'server-takes-another-byte': {
    chapter: 'server',
    find: 'this.#received > this.#maxBytes ||',
    replace: 'this.#received > this.#maxBytes + 1 ||',
  },
  'server-reads-for-nobody': {
    chapter: 'server',
    find: 'return this.#isWholeWanted || this.#queue.length < PAUSE_BYTES;',
    replace: 'return true;',
  },
  'server-reads-far-ahead': {
    chapter: 'server',
    find: 'if (isFull)\n                pump.pause();',
    replace: 'if (isFull)\n                ;',
  },
  'server-piles-up': {
    chapter: 'server',
    find: 'if (heldBytes <= this.settings.maxBufferedBytes)',
    replace: 'if (true)',
  },
  'server-answers-the-deaf': {
    chapter: 'server',
    find: 'else if (this.pump.isCongested)',
    replace: 'else if (false)',
  },
  'server-answers-once-more': {
    chapter: 'server',
    find: 'this.#requests >= this.settings.maxRequestsPerConnection',
    replace: 'this.#requests > this.settings.maxRequestsPerConnection',
  },
  'server-drains-less': {
    chapter: 'server',
    find: 'if (body.receivedBytes > this.#mark)',
    replace: 'if (body.receivedBytes >= this.#mark)',
  },
  'server-drains-more': {
    chapter: 'server',
    find: 'body.receivedBytes + this.#owner.settings.maxDrainBytes',
    replace: 'body.receivedBytes + 2 * this.#owner.settings.maxDrainBytes',
  },
  'server-promises-to-drain-more': {
    chapter: 'server',
    find: 'body.receivedBytes <= this.#owner.settings.maxDrainBytes',
    replace: 'body.receivedBytes <= 2 * this.#owner.settings.maxDrainBytes',
  },
  'server-says-100-again': {
    chapter: 'server',
    find: 'this.#hasContinued = true;',
    replace: ';',
  },
  // What only another request on the same connection shows.
  'server-says-100-once': {
    chapter: 'server',
    find: 'this.#hasContinued = false;',
    replace: ';',
  },
  'server-waits-anew-for-the-first': {
    chapter: 'server',
    find: 'if (this.#requests > 0)',
    replace: 'if (true)',
  },
  // What only a client notices that must not send more.
  'server-goes-on-without-the-body': {
    chapter: 'server',
    find: '|| (head.expectContinue && !this.#hasContinued)',
    replace: '',
  },
  'server-goes-on-behind-connect': {
    chapter: 'server',
    find: `if (head.method === 'CONNECT')\n            return false;`,
    replace: ';',
  },
  'server-goes-on-behind-the-end': {
    chapter: 'server',
    find: 'this.#reader.waitingBytes > due',
    replace: 'this.#reader.waitingBytes >= due',
  },
  'server-garbles-bodies': {
    chapter: 'server',
    find: 'this.#received += bytes.length;',
    replace: 'this.#received += bytes.length; bytes = Buffer.alloc(bytes.length, bytes[0]);',
  },
};

/** All of them by name. */
export const SERVER_FAULTS: Readonly<Record<string, PlantedFault>> = Object.fromEntries(
  Object.entries(FAULTS).map(([name, fault]) => [name, { target: 'server', ...fault }]),
);
