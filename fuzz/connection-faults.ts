/** Faults of connections, to plant as those of faults.ts. */
import type { PlantedFault } from './planted-fault.ts';

/** Each of them must be noticed by the target of connections. */
export const CONNECTION_FAULTS: Readonly<Record<string, PlantedFault>> = {
  'connection-loses-the-last': {
    target: 'connection',
    chapter: 'connection',
    find: 'this.#output.send(data, options);',
    replace:
      'const kept = this.kept; this.kept = [data, options]; if (kept) this.#output.send(...kept);',
  },
  'connection-sends-behind-half': {
    target: 'connection',
    chapter: 'connection',
    find: 'isBlocked ||= isUnfinished && job.stream.hasStarted;',
    replace: ';',
  },
  'connection-counts-forgotten': {
    target: 'connection',
    chapter: 'connection',
    find: 'if (this.#queue.remove(stream))',
    replace: 'if (!this.#queue.remove(stream))',
  },
  'connection-two-closes': {
    target: 'connection',
    chapter: 'connection',
    find: 'return isWritable(this.#state)',
    replace: `return this.#state !== 'closed'`,
  },
  'connection-clean-too-soon': {
    target: 'connection',
    chapter: 'connection',
    find: `this.#await('peer-close')`,
    replace: `(this.#isClean = true, this.#await('peer-close'))`,
  },
  'connection-reads-the-paused': {
    target: 'connection',
    chapter: 'connection',
    find: 'this.#transport.wantsInput(false);',
    replace: ';',
  },
  'connection-limits-each-fragment': {
    target: 'connection',
    chapter: 'connection',
    find: 'const maxBytes = this.#limitBytes - this.length;',
    replace: 'const maxBytes = this.#limitBytes;',
  },
  'connection-answers-again': {
    target: 'connection',
    chapter: 'connection',
    find: 'this.#owedPong = undefined;',
    replace: ';',
  },
  'connection-keeps-its-compressor': {
    target: 'connection',
    chapter: 'connection',
    find: 'this.#output.discard();\n        this.#owner.deflate?.close();',
    replace: 'this.#output.discard();',
  },
  'connection-pings-the-paused': {
    target: 'connection',
    chapter: 'connection',
    find: 'this.#input.pause();',
    replace: 'this.#input.pause(); this.#sink.ping?.(EMPTY);',
  },
  'connection-answers-with-1000': {
    target: 'connection',
    chapter: 'connection',
    find: 'close.code === NO_STATUS_CODE ? undefined : close.code;',
    replace: 'close.code === NO_STATUS_CODE ? undefined : 1000;',
  },
  'connection-ends-first': {
    target: 'connection',
    chapter: 'connection',
    find: `this.#owner.kind.role === 'client' && !this.#hasPeerEnded`,
    replace: 'false',
  },
};
