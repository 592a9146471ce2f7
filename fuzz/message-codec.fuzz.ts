/**
 * permessage-deflate both ways [RFC 7692 §7.2]: what either side compresses, others can inflate.
 *
 * Invariants, for any messages in any pieces, with any agreed parameters and levels:
 * - the other side's codec gives the messages back, also after both have been idle;
 * - a literal inflater gives them back, and is never made to look back further than was agreed;
 * - without context takeover each message can be inflated by itself;
 * - the codec never says that compressing has failed.
 */
import { type DeflateParameters, MessageCodec } from 'barewire/deflate';
import { cutAt } from '../spec/support/feeding.ts';
import { naiveInflate } from '../spec/support/naive-inflate.ts';
import { Choices } from './engine/choices.ts';
import { expectLaw, type FuzzTarget } from './engine/target.ts';

const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

function compress(codec: MessageCodec, pieces: readonly Buffer[]): Buffer {
  const packed: Buffer[] = [];
  for (const [index, piece] of pieces.entries()) {
    let isDone = false;
    codec.compress(piece, index === pieces.length - 1, (error, bytes) => {
      expectLaw(error === undefined, 'compressing does not fail', () => String(error));
      packed.push(bytes);
      isDone = true;
    });
    expectLaw(isDone, 'a small job is done at once');
  }
  return Buffer.concat(packed);
}

function decompress(codec: MessageCodec, packed: Buffer): Buffer | undefined {
  let plain: Buffer | undefined;
  codec.decompress(packed, true, 2 ** 24, (error, bytes) => {
    expectLaw(error === undefined, 'the other side inflates it', () => String(error));
    plain = bytes;
  });
  return plain;
}

/** Makes messages with something to find in them: runs of the input, near and far. */
function stretch(bytes: Uint8Array, choices: Choices): Buffer {
  const once = Buffer.from(bytes);
  const filler = Buffer.alloc(choices.pick([0, 0, 1, 250, 700, 5000]), 'filler. ');
  return Buffer.concat([once, filler, once.subarray(choices.below(once.length + 1))]);
}

/** What was agreed for what `role` compresses. */
function termsOf(role: 'client' | 'server', agreed: DeflateParameters) {
  return role === 'server'
    ? { windowBits: agreed.serverMaxWindowBits, forgets: agreed.serverNoContextTakeover }
    : { windowBits: agreed.clientMaxWindowBits, forgets: agreed.clientNoContextTakeover };
}

/** One direction: says messages to the other side, and to a literal inflater. */
class Direction {
  readonly #from: MessageCodec;
  readonly #to: MessageCodec;
  readonly #window: number;
  readonly #forgets: boolean;
  #history = Buffer.alloc(0);

  constructor(
    from: MessageCodec,
    to: MessageCodec,
    terms: { readonly windowBits: number; readonly forgets: boolean },
  ) {
    this.#from = from;
    this.#to = to;
    this.#window = 2 ** terms.windowBits;
    this.#forgets = terms.forgets;
  }

  say(message: Buffer, cuts: readonly number[]): void {
    const pieces = cutAt(message, cuts);
    const packed = compress(this.#from, pieces.length === 0 ? [message] : pieces);
    expectLaw(decompress(this.#to, packed)?.equals(message) === true, 'comes back as it was');
    const { output, maxDistance } = naiveInflate(Buffer.concat([packed, TAIL]), this.#history);
    expectLaw(output.equals(message), 'a literal inflater reads the same');
    expectLaw(
      maxDistance <= this.#window,
      'never looks back too far',
      () => `${maxDistance} of ${this.#window}`,
    );
    if (this.#forgets) return;
    this.#history = Buffer.concat([this.#history, message]).subarray(-this.#window);
  }
}

function run(input: Uint8Array): void {
  const choices = new Choices(input);
  const parameters: DeflateParameters = {
    serverNoContextTakeover: choices.flag(),
    clientNoContextTakeover: choices.flag(),
    serverMaxWindowBits: 8 + choices.below(8),
    clientMaxWindowBits: 8 + choices.below(8),
  };
  const level = 1 + choices.below(9);
  const memoryLevel = 1 + choices.below(9);
  const cuts = choices.cuts(3);
  const isIdling = choices.flag();
  const isBreaking = choices.flag();
  const messages = cutAt(choices.rest, choices.cuts(3)).map((part) => stretch(part, choices));
  const role = choices.pick(['server', 'client'] as const);
  const isAnswering = choices.flag();
  const options = { level, memoryLevel, zlib: 'handle' } as const;
  const first = new MessageCodec(role, parameters, options);
  const otherRole = role === 'server' ? 'client' : 'server';
  const second = new MessageCodec(otherRole, parameters, options);
  const there = new Direction(first, second, termsOf(role, parameters));
  const back = new Direction(second, first, termsOf(otherRole, parameters));
  for (const message of messages) {
    there.say(message, cuts);
    if (isAnswering) back.say(message, cuts);
    if (isIdling) {
      first.releaseIdle();
      second.releaseIdle();
    }
    if (isBreaking) first.breakContext();
  }
  first.close();
  second.close();
}

/** Compressing. */
export const target: FuzzTarget = {
  name: 'message-codec',
  subjects: ['deflate/message-codec', 'deflate/message-deflater', 'deflate/message-inflater'],
  seeds: ['Hello', 'abcabcabc abcabcabc', 'x', ''].map((text) =>
    Buffer.concat([Buffer.from(text), Buffer.from('0001010203000008060707000000', 'hex')]),
  ),
  maxLength: 300,
  run,
};
