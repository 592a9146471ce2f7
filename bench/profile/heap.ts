/** Reads heap snapshots of V8: how many objects of each kind have come, and how large they are. */

/** As much of V8's format as is used here: all nodes lie in one list, field after field. */
export interface HeapSnapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      /** The first of them names the types. */
      readonly node_types: readonly (readonly string[] | string)[];
    };
  };
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
}

/** Objects of one constructor, or of one kind of V8's. */
export interface HeapKind {
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
}

/** What there is more of afterwards, for each of `connections`, the most bytes first. */
export function growthByKind(
  before: HeapSnapshot,
  after: HeapSnapshot,
  connections: number,
): HeapKind[] {
  const had = sumByKind(before);
  return [...sumByKind(after).values()]
    .map(({ name, count, bytes }) => ({
      name,
      count: (count - (had.get(name)?.count ?? 0)) / connections,
      bytes: (bytes - (had.get(name)?.bytes ?? 0)) / connections,
    }))
    .sort((left, right) => right.bytes - left.bytes);
}

function sumByKind({ snapshot, nodes, strings }: HeapSnapshot): Map<string, HeapKind> {
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, name, size] = ['type', 'name', 'self_size'].map((field) => fields.indexOf(field));
  const sums = new Map<string, HeapKind>();
  for (let at = 0; at < nodes.length; at += fields.length) {
    const typeName = types[0]![nodes[at + type!]!]!;
    // Compiled while connections were opened, for all of them.
    if (typeName === 'code') continue;
    const kind = kindOf(typeName, strings[nodes[at + name!]!]!);
    const { count, bytes } = sums.get(kind) ?? { count: 0, bytes: 0 };
    sums.set(kind, { name: kind, count: count + 1, bytes: bytes + nodes[at + size!]! });
  }
  return sums;
}

/** The name of an object is its constructor's; that of a string would be what it says. */
function kindOf(type: string, name: string): string {
  // What Node keeps outside V8's heap is native, or synthetic where it holds on to itself.
  if (type === 'object' || type === 'native' || type === 'synthetic') return name;
  return type === 'closure' || type === 'array' ? `(${type}) ${name}`.trim() : `(${type})`;
}
