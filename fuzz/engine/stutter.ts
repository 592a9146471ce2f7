/**
 * Pauses a core in the middle of its callbacks, by a pattern of bits, and resumes it from outside.
 */
import { BrokenLaw } from './target.ts';

/** What can be paused. */
export interface Pausable {
  pause(): void;
  resume(): void;
}

/** Pauses and resumes a core; a pattern of 0 never does. */
export class Stutter {
  #core: Pausable | undefined;
  #pattern: number;
  #isPaused = false;

  /** @param pattern eight bits, used by turns: at 1 the core is paused. */
  constructor(pattern: number) {
    this.#pattern = pattern & 0xff;
  }

  /** Tells whom to pause; the core is made after its sink. */
  attach(core: Pausable): void {
    this.#core = core;
  }

  /** To be called first in each callback. */
  step(): void {
    if (this.#isPaused) throw new BrokenLaw('a paused core delivers nothing', '');
    this.#pattern = ((this.#pattern << 1) | (this.#pattern >>> 7)) & 0xff;
    if ((this.#pattern & 1) === 0) return;
    this.#isPaused = true;
    this.#core?.pause();
  }

  /** Pauses no more. */
  stop(): void {
    this.#pattern = 0;
  }

  /** Resumes until nothing pauses any more. */
  settle(): void {
    while (this.#isPaused) {
      this.#isPaused = false;
      this.#core?.resume();
    }
  }
}
