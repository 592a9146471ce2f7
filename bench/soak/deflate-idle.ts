/**
 * What a WebSocket that was busy with compressed messages holds on to, right after and when idle.
 *
 * All clients send the same messages, compressed once, each with the window that the ones before
 * have left; so all must get the same bytes back. Those of the first are inflated and compared.
 */
import { encodeFrame, OPCODE } from 'barewire/codec';
import { MessageCodec } from 'barewire/deflate';
import { BAREWIRE } from '../process/contenders.ts';
import {
  closeClients,
  DEFLATE_OFFER as OFFER,
  type RawClient,
  refuseSurplus,
} from '../process/raw-client.ts';
import { ServerProcess } from '../process/server-process.ts';
import { jsonRecords } from '../support/texts.ts';
import { frameLength, gather, roundTrip } from './crowd.ts';
import { type Figure, inLanes, pause, type Soak } from './figures.ts';

const DEFAULTS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
const MESSAGES = 5;
const MESSAGE_BYTES = 1024;
/** Zlib's state goes between one and two seconds after the last message. */
const IDLE_MS = 4_000;

type Job = (done: (error: Error | undefined, bytes: Buffer) => void) => void;

function finished(job: Job): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    job((error, bytes) => (error === undefined ? resolve(bytes) : reject(error)));
  });
}

/** What the first client gets is checked by inflating it, what the others get by comparison. */
class Script {
  readonly #codec = new MessageCodec('client', DEFAULTS);
  readonly #answers: Buffer[] = [];
  #sent = 0;

  /** The next message, there and back, on all connections. */
  async play(clients: readonly RawClient[]): Promise<void> {
    const text = jsonRecords(MESSAGE_BYTES, this.#sent);
    this.#sent += 1;
    const payload = await finished((done) => this.#codec.compress(text, true, done));
    const frame = encodeFrame(
      { opcode: OPCODE.text, rsv: 4, payload, maskingKey: 0x5a17c3e9 },
      { allowIllegal: true },
    );
    const [first, ...others] = clients;
    const answer = await roundTrip(first!, frame, frameLength);
    if ((answer[0]! & 0x40) === 0) throw new Error('the answer is not compressed');
    const packed = answer.subarray(answer[1]! < 126 ? 2 : 4);
    const echoed = await finished((done) => this.#codec.decompress(packed, true, 65_536, done));
    if (!echoed.equals(text)) throw new Error('wrong echo');
    this.#answers.push(answer);
    await inLanes(others, 100, async (client) => {
      const same = await roundTrip(client, frame, frameLength);
      if (!same.equals(answer)) throw new Error('connections disagree about one message');
    });
  }

  /** Bytes of the answers to one client. */
  get answerBytes(): number {
    return this.#answers.reduce((sum, { length }) => sum + length, 0);
  }
}

async function measure(server: ServerProcess, count: number): Promise<Figure[]> {
  const before = server.residentBytes;
  const each = (label: string): Figure => {
    const value = (server.residentBytes - before) / count;
    return { label: `memory per connection, ${label}`, value, unit: 'B' };
  };
  const crowd = await gather(server.port, count, OFFER);
  const opened = each('opened');
  const script = new Script();
  const cpuBefore = server.cpuSeconds;
  for (let sent = 0; sent < MESSAGES; sent += 1) await script.play(crowd.clients);
  const cpu = ((server.cpuSeconds - cpuBefore) * 1e3) / (count * MESSAGES);
  const busy = each(`right after ${MESSAGES} messages`);
  await pause(IDLE_MS);
  const idle = each(`idle for ${IDLE_MS / 1000} s`);
  await script.play(crowd.clients);
  const again = each('right after one more message');
  await pause(IDLE_MS);
  const idleAgain = each(`idle for ${IDLE_MS / 1000} s again`);
  await refuseSurplus(crowd.clients);
  if (crowd.lost > 0) throw new Error(`${crowd.lost} connections were lost`);
  closeClients(crowd.clients);
  const packed = script.answerBytes / (MESSAGES + 1);
  return [
    ...[opened, busy, idle, again, idleAgain],
    { label: 'CPU per echoed message', value: cpu, unit: 'ms' },
    { label: 'frame of a message of 1 KiB', value: packed, unit: 'B' },
  ];
}

async function run(quick: boolean): Promise<readonly Figure[]> {
  const server = await ServerProcess.start(BAREWIRE, ['--deflate']);
  try {
    const warm = await gather(server.port, 100, OFFER);
    await new Script().play(warm.clients);
    closeClients(warm.clients);
    await pause(500);
    return await measure(server, quick ? 1_000 : 10_000);
  } finally {
    await server.stop();
  }
}

/** Memory of permessage-deflate when the conversation is over. */
export const DEFLATE_IDLE: Soak = {
  name: 'deflate-idle',
  title: (quick) => `${quick ? '1,000' : '10,000'} WebSockets after compressed messages of 1 KiB`,
  run,
};
