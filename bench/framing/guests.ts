/** Implementations that `--with` names: each is looked at before anything is measured. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { refuse } from '../support/command-line.ts';
import type { Contender } from './contender.ts';

/** One of them, under its own name. */
export interface Guest {
  readonly name: string;
  readonly path: string;
}

/** Loads a contender. A module that has none, or one that can do nothing, ends with exit code 2. */
async function loadGuest(path: string): Promise<Guest> {
  let contender: Partial<Contender> | null | undefined;
  try {
    const module = (await import(pathToFileURL(resolve(path)).href)) as {
      contender?: Partial<Contender> | null;
    };
    contender = module.contender;
  } catch (error) {
    refuse(`--with ${path} cannot be loaded: ${(error as Error).message.split('\n')[0]}`);
  }
  if (typeof contender !== 'object' || contender === null) {
    refuse(`--with ${path} exports no contender`);
  }
  const { name, createDecoder, createEncoder } = contender;
  if (typeof createDecoder !== 'function' && typeof createEncoder !== 'function') {
    refuse(`--with ${path}: its contender has neither a createDecoder nor a createEncoder`);
  }
  return { name: typeof name === 'string' && name !== '' ? name : path, path };
}

/** Loads them all. Those that have one name are told apart by their paths. */
export async function loadGuests(paths: readonly string[]): Promise<Guest[]> {
  const guests: Guest[] = [];
  for (const path of paths) guests.push(await loadGuest(path));
  return guests.map(({ name, path }) => {
    const isAlone = guests.filter((guest) => guest.name === name).length === 1;
    return { name: isAlone ? name : `${name}, ${path}`, path };
  });
}
