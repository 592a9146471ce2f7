/** What is planted into the sources, to see whether a target notices. */
import type { FastPath } from 'barewire/base';

/** A fault: a text that stands once in a chapter, and what is put there instead. */
export interface PlantedFault {
  /** The target that must notice it. */
  readonly target: string;
  readonly chapter: string;
  readonly find: string;
  readonly replace: string;
  /** The only one that leads past it, where there is one: without that nobody can notice. */
  readonly fastPath?: FastPath;
}
