/** Heads of a workload of bench/http as a case of its own, for who measures nothing else. */
import type { Case } from '../support/suite.ts';
import { type HttpContender, Tally } from './barewire.ts';
import { listHttpWorkloads } from './inputs.ts';

/**
 * Reads them on one connection.
 *
 * @param rounds in one run, where one would not be much more work than looking at the clock.
 */
export function makeHeadsCase({ name, open }: HttpContender, id: string, rounds = 1): Case {
  const { side, chunks, messages } = listHttpWorkloads().find((workload) => workload.id === id)!;
  const tally = new Tally();
  const feed = open(side, tally);
  return {
    name,
    units: messages * rounds,
    run() {
      tally.messages = 0;
      for (let round = 0; round < rounds; round += 1) for (const chunk of chunks) feed(chunk);
      if (tally.messages !== messages * rounds) throw new Error(`${name} has lost a head of ${id}`);
      return tally.characters;
    },
  };
}
