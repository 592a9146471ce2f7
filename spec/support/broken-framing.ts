/** A contender for the framing bench that loses every second message. */
import type { Contender } from '../../bench/framing/contender.ts';
import { contender as toy } from './toy-framing.ts';

export const contender: Contender = {
  ...toy,
  name: 'broken',
  createDecoder(role, onMessage) {
    let count = 0;
    return toy.createDecoder(role, (message) => {
      count += 1;
      if (count % 2 === 0) onMessage(message);
    });
  },
};
