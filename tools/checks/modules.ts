/**
 * What `barewire/…` means to a process that looks at our code: the modules of `dist/lib`, one by
 * one as they were compiled, and not the bundles that are published (tools/build/bundle.ts).
 * Otherwise what a spec imports by its public name, and what it imports by its path, would be two.
 */

/** The condition under which the package's exports lead to `dist/lib`. */
const MODULES_OPTION = '--conditions=barewire-modules';

/** An environment whose processes get the modules. */
export function withModules(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: options = '' } = env;
  return { ...env, NODE_OPTIONS: `${options} ${MODULES_OPTION}`.trim() };
}
