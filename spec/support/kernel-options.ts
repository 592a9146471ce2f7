/** What the kernel holds of a socket's options, which Node cannot tell: asked of a Perl. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** Each as Linux numbers it: level, name. */
const ASKED = {
  noDelay: [6, 1],
  keepAlive: [1, 9],
  idleSeconds: [6, 4],
  intervalSeconds: [6, 5],
  probes: [6, 6],
} as const;

/** The options, as numbers of the kernel. */
export type KernelOptions = Record<keyof typeof ASKED, number>;

const PERL = `open(my $s, '+<&=3') or die;
while (@ARGV) { print unpack('i', getsockopt($s, shift, shift)), "\\n" }`;

const canAsk = process.platform === 'linux' && spawnSync('perl', ['-v']).status === 0;

/** Options of a test that asks for them. */
export const NEEDS_KERNEL_OPTIONS: { readonly skip?: string } = canAsk
  ? {}
  : { skip: 'needs Linux and Perl' };

/** Asks for the options of a socket. */
export async function kernelOptions(socket: Socket): Promise<KernelOptions> {
  const numbers = Object.values(ASKED).flat().map(String);
  const child = spawn('perl', ['-e', PERL, ...numbers], {
    stdio: ['ignore', 'pipe', 'inherit', socket],
  });
  const closed = once(child, 'close');
  const lines = (await text(child.stdout!)).trim().split('\n').map(Number);
  await closed;
  const entries = Object.keys(ASKED).map((name, index) => [name, lines[index]] as const);
  return Object.fromEntries(entries) as KernelOptions;
}
