/** What an encoder has written, read by the fuzzer's literal reader of frames. */
import { readFramesLiterally } from '../../fuzz/oracles/frames.ts';
import type { Role } from './contender.ts';
import type { Message } from './workload.ts';

/** Messages and what their frames were like. */
export interface Written {
  readonly messages: readonly Message[];
  readonly frameCount: number;
  /** One for each frame; of what is not masked there are none. */
  readonly maskingKeys: readonly string[];
}

/**
 * Reads all that an encoder of this role has written.
 *
 * @throws Error when it is not whole data frames, masked as the role demands.
 */
export function readWritten(bytes: Buffer, role: Role): Written {
  const messages: Message[] = [];
  const maskingKeys: string[] = [];
  let message = { isText: false, hex: '' };
  let frameCount = 0;
  let unread = bytes.length;
  let isLast = false;
  const lines = readFramesLiterally(bytes, { role: role === 'client' ? 'server' : 'client' });
  for (const line of lines) {
    const [word = '', fin, , opcode, masked, key = '', length, headerLength] = line.split(' ');
    if (word === 'failed') throw new Error(`writes a frame that is wrong: ${fin}`);
    if (word === 'frame') {
      if (Number(opcode) > 2) throw new Error('writes a control frame');
      if (opcode !== '0') message = { isText: opcode === '1', hex: '' };
      if (masked === 'true') maskingKeys.push(key);
      isLast = fin === 'true';
      frameCount += 1;
      unread -= Number(length) + Number(headerLength);
    } else if (word !== 'end') {
      message.hex += word;
    } else if (isLast) {
      const payload = Buffer.from(message.hex, 'hex');
      messages.push(message.isText ? payload.toString() : payload);
    }
  }
  if (unread !== 0) throw new Error(`${unread} bytes are no whole frame`);
  return { messages, frameCount, maskingKeys };
}
