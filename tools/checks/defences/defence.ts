/** What is known of a defence. */

/** What a defence belongs to; each has a table of its own in the page. */
export type Area =
  | 'lengths'
  | 'many'
  | 'compression'
  | 'heads'
  | 'crashes'
  | 'memory'
  | 'server'
  | 'client'
  | 'origin'
  | 'events';

/** One defence: where it stands, how to take it out, and the spec that must fail then. */
export interface Defence {
  readonly area: Area;
  /** What it is against. */
  readonly attack: string;
  readonly defence: string;
  readonly file: string;
  /** A text that stands once in the file, and what takes the defence out when put there. */
  readonly find: string;
  readonly replace: string;
  readonly spec: string;
}
