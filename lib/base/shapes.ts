/**
 * The shape in which V8 keeps the objects of a class that has many fields.
 *
 * When the seventh object of a class is made, V8 decides how many fields lie inside of each: as
 * many as the objects that it knows of have. If those before have been collected by then, as the
 * first few short connections of a server that is idle afterwards are, it knows of none. From then
 * on fields lie outside; and an object with more than fifteen private ones becomes a hash table, as
 * long as the process lives. Then a message takes up to twice the time, and a connection 4 KiB more
 * (bench/README.md, "Which shape").
 *
 * ```
 *  1 2 3 4 5 6   collected   7 ──► no field inside: 8, 9, … are hash tables
 *  1 2 3 4 5 6 7 8 at once, and kept meanwhile ──► all fields inside, whatever is collected later
 * ```
 * So a class with that many fields, or whose objects each message meets, has its first objects made
 * at the end of its module. Whoever bundles any other part of such a module bundles the class, too.
 */
import { hasFastPath } from './fast-paths.ts';

/** V8 decides with the seventh. */
const DECIDED_AFTER = hasFastPath('shapes') ? 8 : 0;

/** Makes the first objects of a class, and of those that it is built from, and forgets them. */
export function settleShape(make: () => object): void {
  const made: object[] = [];
  while (made.length < DECIDED_AFTER) made.push(make());
}
