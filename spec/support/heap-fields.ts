/** Where V8 keeps the fields of objects: inside, or outside in memory of their own. */
import { text } from 'node:stream/consumers';
import { getHeapSnapshot } from 'node:v8';
import type { HeapSnapshot } from '../../bench/profile/heap.ts';

/** What the bench reads of a snapshot, and the edges: which object refers to which. */
interface Snapshot extends HeapSnapshot {
  readonly snapshot: HeapSnapshot['snapshot'] & {
    readonly meta: {
      readonly edge_fields: readonly string[];
      readonly edge_types: readonly (readonly string[])[];
    };
  };
  readonly edges: readonly number[];
}

/** Of each constructor's objects: how many there are, and how many have fields outside. */
export function fieldsOutside({
  snapshot,
  nodes,
  edges,
  strings,
}: Snapshot): Record<string, number[]> {
  const { node_fields: nodeFields, edge_fields: edgeFields } = snapshot.meta;
  const internal = snapshot.meta.edge_types[0]!.indexOf('internal');
  const object = snapshot.meta.node_types[0]!.indexOf('object');
  const found: Record<string, number[]> = {};
  let edge = 0;
  for (let at = 0; at < nodes.length; at += nodeFields.length) {
    const name = strings[nodes[at + nodeFields.indexOf('name')]!]!;
    const count = nodes[at + nodeFields.indexOf('edge_count')]!;
    let isOutside = 0;
    for (const end = edge + count * edgeFields.length; edge < end; edge += edgeFields.length) {
      const isInternal = edges[edge + edgeFields.indexOf('type')] === internal;
      const edgeName = strings[edges[edge + edgeFields.indexOf('name_or_index')]!];
      if (isInternal && edgeName === 'properties') isOutside = 1;
    }
    if (nodes[at + nodeFields.indexOf('type')] !== object) continue;
    found[name] ??= [0, 0];
    found[name][0]! += 1;
    found[name][1]! += isOutside;
  }
  return found;
}

/** Prints that of the heap as it is now, as JSON. */
export async function printFieldsOutside(): Promise<void> {
  const heap = JSON.parse(await text(getHeapSnapshot())) as Snapshot;
  console.log(JSON.stringify(fieldsOutside(heap)));
}
