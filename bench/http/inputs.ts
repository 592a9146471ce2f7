/**
 * What is fed to the parsers: `spec/vectors/http-bench-inputs.json` in its five feeding modes.
 *
 * Every workload is a list of chunks that hold whole messages, so that it can be fed again and
 * again to one parser, as a connection does it.
 */
import { readFileSync } from 'node:fs';

type Part = string | { readonly repeat: string; readonly times: number };

interface Input {
  readonly note: string;
  readonly input?: string;
  readonly inputParts?: readonly Part[];
}

/** Which of a message's two sides is read. */
export type Side = 'request' | 'response';

/** One workload. */
export interface HttpWorkload {
  /** For `bench:compare`; those that begin with `P5` have a goal. */
  readonly id: string;
  readonly title: string;
  readonly side: Side;
  readonly chunks: readonly Buffer[];
  /** Messages in all chunks together. */
  readonly messages: number;
}

const FILE = new URL('../../../spec/vectors/http-bench-inputs.json', import.meta.url);
const { inputs } = JSON.parse(readFileSync(FILE, 'utf8')) as {
  readonly inputs: Readonly<Record<string, Input>>;
};

/** What one read of a socket holds at most. */
const READ_BYTES = 64 * 1024;
/** What a segment on an Ethernet holds. */
const SEGMENT_BYTES = 1460;
const PIPELINED = 16;
/** Different heads of one connection. */
const VARIANTS = 16;

/** Returns an input's bytes. */
export function inputBytes(name: string): Buffer {
  const { input, inputParts } = inputs[name]!;
  const text = (inputParts ?? [input ?? '']).map((part) =>
    typeof part === 'string' ? part : part.repeat.repeat(part.times),
  );
  return Buffer.from(text.join(''), 'latin1');
}

function cut(bytes: Buffer, length: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += length) chunks.push(bytes.subarray(at, at + length));
  return chunks;
}

function splits(bytes: Buffer): Buffer[] {
  return Array.from({ length: bytes.length - 1 }, (_, index) => [
    bytes.subarray(0, index + 1),
    bytes.subarray(index + 1),
  ]).flat();
}

const sideOf = (name: string): Side => (name === 'response' ? 'response' : 'request');

function whole(name: string): HttpWorkload {
  return {
    id: name === 'kitty' ? 'P5' : `HTTP whole ${name}`,
    title: name === 'kitty' ? 'the same head again: kitty, whole' : `${name}, whole`,
    side: sideOf(name),
    chunks: cut(inputBytes(name), READ_BYTES),
    messages: 1,
  };
}

/**
 * Kitty, but no two heads in a row have the same fields: what is remembered of one is worth
 * nothing for the next. The lengths differ too.
 */
function varied(): HttpWorkload {
  const kitty = inputBytes('kitty').toString('latin1');
  const chunks = Array.from({ length: VARIANTS }, (_, index) => {
    const text = kitty
      .replace('visits=2', `visits=${index ** 4}`)
      .replace('ja,en', `${String.fromCharCode(0x61 + index)}a,en`)
      .replace('pink', 'pink'.repeat(1 + (index % 3)));
    return Buffer.from(text, 'latin1');
  });
  return {
    id: 'P5 varied',
    title: 'heads that differ: kitty, whole, other fields than in the head before',
    side: 'request',
    chunks,
    messages: VARIANTS,
  };
}

function pipelined(name: string): HttpWorkload {
  const bytes = Buffer.concat(Array.from({ length: PIPELINED }, () => inputBytes(name)));
  return {
    id: `HTTP x16 ${name}`,
    title: `${name}, ${PIPELINED} pipelined in one buffer`,
    side: 'request',
    chunks: [bytes],
    messages: PIPELINED,
  };
}

function segments(name: string): HttpWorkload {
  return {
    id: `HTTP 1460 ${name}`,
    title: `${name}, slices of ${SEGMENT_BYTES} bytes`,
    side: 'request',
    chunks: cut(inputBytes(name), SEGMENT_BYTES),
    messages: 1,
  };
}

/**
 * Lists the workloads, requests before responses, so that the goal is measured in a process that
 * has read nothing else yet, and again where nothing repeats itself.
 */
export function listHttpWorkloads(): HttpWorkload[] {
  const kitty = inputBytes('kitty');
  const names = Object.keys(inputs);
  const ofRequests = names.filter((name) => name !== 'response');
  return [
    whole('kitty'),
    varied(),
    ...ofRequests.filter((name) => name !== 'kitty').map(whole),
    ...['tiny', 'short', 'kitty', 'joyent'].map(pipelined),
    {
      id: 'HTTP dribble kitty',
      title: 'kitty, one byte a call',
      side: 'request',
      chunks: cut(kitty, 1),
      messages: 1,
    },
    {
      id: 'HTTP split kitty',
      title: 'kitty, split at every offset',
      side: 'request',
      chunks: splits(kitty),
      messages: kitty.length - 1,
    },
    ...ofRequests.filter((name) => inputBytes(name).length > SEGMENT_BYTES).map(segments),
    whole('response'),
  ];
}
