/**
 * A module loader hook: whatever is loaded from the given folders comes instrumented, and where a
 * fault is to be planted, with the fault.
 */
import type { InitializeHook, LoadHook, ResolveHook } from 'node:module';
import { instrument } from './instrument.ts';

/** A change of one place in a compiled module, to see whether a target notices. */
export interface Fault {
  /** The module. */
  readonly url: string;
  readonly find: string;
  readonly replace: string;
}

/** What the hook is told when it is registered. */
export interface HookOptions {
  /** URLs below these are instrumented. */
  readonly folders: readonly string[];
  readonly fault?: Fault | undefined;
}

let options: HookOptions = { folders: [] };

/** Takes the options given to `register`. */
export const initialize: InitializeHook<HookOptions> = (given) => {
  options = given;
};

/** Finds our own modules one by one, where a program would get bundles. */
export const resolve: ResolveHook = (specifier, context, nextResolve) => {
  const conditions = [...context.conditions, 'barewire-modules'];
  return nextResolve(specifier, { ...context, conditions });
};

/** Loads a module, instrumented when it lies in one of the folders. */
export const load: LoadHook = async (url, context, nextLoad) => {
  const folder = options.folders.find((folder) => url.startsWith(folder));
  const loaded = await nextLoad(url, context);
  if (folder === undefined || loaded.format !== 'module') return loaded;
  const source = Buffer.from(loaded.source as Uint8Array).toString();
  const name = url.slice(folder.length);
  return { ...loaded, source: instrument(plant(source, url), name).code };
};

function plant(source: string, url: string): string {
  const { fault } = options;
  return fault?.url === url ? source.replace(fault.find, () => fault.replace) : source;
}
