/**
 * What is yes or no about an object, several times, in one field.
 *
 * A field for each takes eight bytes: with ten thousand connections, of which each has two dozen,
 * two megabytes, and lines of the cache more for each write (bench/README.md, P6 and P7).
 */

/** Flags that fit into a number that V8 keeps in the object itself. */
const MOST = 30;

/** Has flags; all begin with no. Heirs `declare` theirs and name them to {@link Flags.define}. */
export abstract class Flags {
  #bits = 0;

  /**
   * Makes accessors, once, in a static block of the class that declares them.
   *
   * @param names of all the flags that its objects have: at most 30.
   */
  protected static define(prototype: Flags, names: readonly string[]): void {
    if (names.length > MOST) throw new RangeError(`${names.length} flags, ${MOST} at most`);
    names.forEach((name, index) => {
      const bit = 1 << index;
      Object.defineProperty(prototype, name, {
        get(this: Flags): boolean {
          return (this.#bits & bit) !== 0;
        },
        set(this: Flags, value: boolean): void {
          this.#bits = value ? this.#bits | bit : this.#bits & ~bit;
        },
      });
    });
  }
}
