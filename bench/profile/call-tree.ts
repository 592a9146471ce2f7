/** Reads a CPU profile of V8 into a tree of calls with their times, and sums it up. */
import { type CompiledPlace, placeOf } from './places.ts';

interface CallFrame extends CompiledPlace {
  readonly functionName: string;
}

/** As much of V8's format as is used here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** Whose code it is. */
export type Owner = 'ours' | 'streams' | 'node' | 'native' | 'collector' | 'idle' | 'others';

/** A call and the calls it made. Times in microseconds. */
export interface Call {
  readonly name: string;
  readonly place: string;
  readonly owner: Owner;
  readonly self: number;
  readonly total: number;
  readonly children: readonly Call[];
}

/** Builds the tree; its root is the whole profile. */
export function buildCallTree({ nodes, samples, timeDeltas }: CpuProfile): Call {
  const selfTimes = new Map<number, number>();
  for (const [index, id] of samples.entries()) {
    selfTimes.set(id, (selfTimes.get(id) ?? 0) + Math.max(0, timeDeltas[index] ?? 0));
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const build = (id: number): Call => {
    const { callFrame, children: ids = [] } = byId.get(id)!;
    const children = ids
      .filter((child) => !isAround(byId.get(child)!.callFrame))
      .map(build)
      .sort((left, right) => right.total - left.total);
    const self = selfTimes.get(id) ?? 0;
    const { functionName, url } = callFrame;
    return {
      name: functionName === '' ? '(anonymous)' : functionName,
      place: placeOf(callFrame),
      owner: ownerOf(functionName, url),
      self,
      total: children.reduce((sum, { total }) => sum + total, self),
      children,
    };
  };
  return build(nodes[0]!.id);
}

/** What a bench does around what it measures: making reads to give away, looking at the clock. */
function isAround({ functionName, url }: CallFrame): boolean {
  const isPreparation = functionName === 'prepare' && url.includes('/dist/bench/');
  return isPreparation || functionName === 'cpuUsage';
}

function ownerOf(name: string, url: string): Owner {
  // What the profiler itself does while it begins and ends, it finds in its own call, `dispatch`.
  if (name === '(idle)' || (name === 'dispatch' && url === '')) return 'idle';
  if (name === '(garbage collector)') return 'collector';
  // Nobody else here has WebAssembly.
  if (/\/dist\/(lib|bundle)\/|^wasm:/.test(url)) return 'ours';
  if (/^node:(internal\/(streams|stream_base)|net$|_?stream)/.test(url)) return 'streams';
  if (url.startsWith('node:')) return 'node';
  // Without a place in a script: system calls and other work of the runtime.
  return url === '' ? 'native' : 'others';
}

/** A function and all its calls together. */
export interface FunctionTime {
  readonly name: string;
  readonly place: string;
  readonly owner: Owner;
  readonly self: number;
}

function visit(call: Call, see: (call: Call) => void): void {
  see(call);
  for (const child of call.children) visit(child, see);
}

/** Sums up self times by function, longest first, without what was idle. */
export function listFunctions(root: Call): FunctionTime[] {
  const sums = new Map<string, FunctionTime>();
  visit(root, ({ name, place, owner, self }) => {
    const key = `${name} ${place}`;
    const before = sums.get(key)?.self ?? 0;
    if (owner !== 'idle') sums.set(key, { name, place, owner, self: before + self });
  });
  return [...sums.values()].sort((left, right) => right.self - left.self);
}

/** Sums up self times by owner, idle time left out. */
export function sumByOwner(root: Call): Map<Owner, number> {
  const sums = new Map<Owner, number>();
  visit(root, ({ owner, self }) => {
    if (owner !== 'idle') sums.set(owner, (sums.get(owner) ?? 0) + self);
  });
  return new Map([...sums].sort(([, left], [, right]) => right - left));
}
