/** Where a profile comes from: what it must begin with, so that it can be taken again. */
import { execFileSync } from 'node:child_process';

function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** The commit that lies here, and whether it lies here as it is; empty without a repository. */
function describeSources(): string {
  try {
    const commit = git('rev-parse', '--short', 'HEAD').trim();
    // Results change nothing of what is profiled, and this may be writing them.
    const changes = git('status', '--porcelain', '--', ':/', ':/!bench/results');
    return `, commit ${commit}${changes === '' ? '' : ' with changes'}`;
  } catch {
    return '';
  }
}

/** One line: the date, Node's version, the sources, and the command that takes it again. */
export function describeOrigin(command: string): string {
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, node ${process.version}${describeSources()}: ${command}`;
}
