/**
 * What a fuzz target is: something to run on bytes that throws when an invariant is broken.
 */

/** One target. Its module says its invariants in words at the top. */
export interface FuzzTarget {
  readonly name: string;
  /** The modules it is about, as `codec/mask`: their coverage is kept in the record. */
  readonly subjects: readonly string[];
  /** Inputs to begin with; the committed corpus comes on top. */
  readonly seeds: readonly Uint8Array[];
  /** Words beside the literals of the instrumented sources. */
  readonly dictionary?: readonly string[];
  /** Longest input in bytes; 1,024 unless told. */
  readonly maxLength?: number;
  /** Runs one input. Whatever it throws is a finding. Must not keep or change the input. */
  readonly run: (input: Uint8Array) => void | Promise<void>;
}

/** An invariant that does not hold. */
export class BrokenLaw extends Error {
  override readonly name = 'BrokenLaw';
  /** The invariant, in the words of the target's head. */
  readonly law: string;

  /** @param detail what was seen instead. */
  constructor(law: string, detail: string) {
    super(detail === '' ? law : `${law}: ${detail}`);
    this.law = law;
  }
}

/** Throws {@link BrokenLaw} unless the invariant holds. `detail` is asked only then. */
export function expectLaw(holds: boolean, law: string, detail?: () => string): void {
  if (!holds) throw new BrokenLaw(law, detail?.() ?? '');
}
