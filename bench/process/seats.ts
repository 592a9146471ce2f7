/** What a row of the process benches is: who takes part, and what is done to them. */
import type { Measure } from './scenarios.ts';
import type { Contender } from './server-process.ts';

/** A contender with what is done to it, under the name that the row shows. */
export interface Seat {
  readonly name: string;
  readonly contender: Contender;
  readonly measure: Measure;
}

/** A row to be measured. */
export interface Workload {
  readonly id: string;
  readonly title: string;
  readonly unit: 'ns' | 'B';
  readonly seats: readonly Seat[];
}

/** How much of it: messages are multiplied by it, connections stay as they are. */
export interface Scale {
  /** 1 is the full length. */
  readonly length: number;
  /** Connections where there shall be very many. */
  readonly many: number;
}

/** The same for all of them. */
export const seated = (contenders: readonly Contender[], measure: Measure): Seat[] =>
  contenders.map((contender) => ({ name: contender.name, contender, measure }));
