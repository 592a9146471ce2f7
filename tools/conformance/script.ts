/**
 * The words that cases are written in: steps, expected events, and the three ways to end well.
 *
 * `text('Hello')` is a whole text frame; `frame(0, 'x', { fin: false })` is any frame; `message(…)`
 * is a data message that may be cut. Strings are UTF-8.
 */
import { encodeClosePayload, OPCODE } from 'barewire/codec';
import type { CloseExpectation, FrameStep, Payload, RecordedEvent, Step } from './model.ts';

/** What may differ from an ordinary frame. */
export type FrameOptions = Partial<Omit<FrameStep, 'do' | 'opcode' | 'payload'>>;

/** Bytes, or the text whose UTF-8 they are. */
export type Content = string | Buffer | Payload;

/** Bytes from their hexadecimal form. */
export const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');

/** A pattern repeated to fill exactly `length` bytes. */
export function repeat(pattern: string | Buffer, length: number): Payload {
  return { pattern: Buffer.from(pattern), length };
}

/** The bytes of a payload. A new buffer each time when the payload is a repeated pattern. */
export function expand({ pattern, length }: Payload): Buffer {
  return pattern.length === length ? pattern : Buffer.alloc(length, pattern);
}

/** Takes bytes, a text, or a repeated pattern for a payload. */
export function toPayload(content: Content): Payload {
  if (typeof content === 'object' && 'pattern' in content) return content;
  const pattern = Buffer.from(content);
  return { pattern, length: pattern.length };
}

/** Any one frame. */
export function frame(opcode: number, content: Content = '', options: FrameOptions = {}): Step {
  return {
    do: 'frame',
    opcode,
    payload: toPayload(content),
    ...options,
    fin: options.fin ?? true,
    rsv: options.rsv ?? 0,
  };
}

/** A text message in one frame. */
export const text = (content: Content, options?: FrameOptions): Step =>
  frame(OPCODE.text, content, options);

/** A binary message in one frame. */
export const binary = (content: Content, options?: FrameOptions): Step =>
  frame(OPCODE.binary, content, options);

/** A ping. */
export const ping = (content: Content = '', options?: FrameOptions): Step =>
  frame(OPCODE.ping, content, options);

/** A pong that nobody asked for. */
export const pong = (content: Content = '', options?: FrameOptions): Step =>
  frame(OPCODE.pong, content, options);

/** A data message cut every `fragmentBytes`. */
export function message(opcode: 1 | 2, content: Content, fragmentBytes?: number): Step {
  return { do: 'message', opcode, payload: toPayload(content), fragmentBytes };
}

/** Starts the closing handshake with a code and a reason, legal or not. */
export function close(code: number, reason: string | Buffer = ''): Step {
  const payload = Buffer.concat([Buffer.alloc(2), Buffer.from(reason)]);
  payload.writeUInt16BE(code);
  return { do: 'close', payload };
}

/** Starts the closing handshake with exactly these bytes in the close frame. */
export const closeWith = (payload: string | Buffer): Step => ({
  do: 'close',
  payload: Buffer.from(payload),
});

/** After `seconds`, an empty close frame, unless the connection has gone. */
export const closeAfter = (seconds: number): Step => ({ do: 'close-after', seconds });

/** After `seconds`, the fuzzer fails the connection, unless it has gone. */
export const killAfter = (seconds: number): Step => ({ do: 'kill-after', seconds });

/** Goes on after `seconds`, if the connection is still open; `tag` makes it an event. */
export const wait = (seconds: number, tag?: string): Step => ({ do: 'wait', seconds, tag });

/** Octets of a frame begun with a `frame-head` step. */
export const piece = (bytes: Buffer): Step => ({ do: 'piece', bytes });

/** Octets written as they stand. */
export const octets = (bytes: Buffer): Step => ({ do: 'octets', bytes });

/** The head of a frame whose payload follows in pieces. */
export const frameHead = (opcode: number, length: number, fin = true, rsv = 0): Step => ({
  do: 'frame-head',
  opcode,
  fin,
  length,
  rsv,
});

/** The event of a text message. */
export const gotText = (content: Content): RecordedEvent => ({
  kind: 'message',
  payload: expand(toPayload(content)),
  isBinary: false,
});

/** The event of a binary message. */
export const gotBinary = (content: Content): RecordedEvent => ({
  kind: 'message',
  payload: expand(toPayload(content)),
  isBinary: true,
});

/** The event of a pong. */
export const gotPong = (content: Content = ''): RecordedEvent => ({
  kind: 'pong',
  payload: expand(toPayload(content)),
});

/** The event of a wait that has passed. */
export const passed = (tag: string): RecordedEvent => ({ kind: 'timeout', tag });

/** The fuzzer closes with 1000, the testee answers with 1000, both frames are exchanged. */
export const CLOSES_NORMALLY: CloseExpectation = {
  closedByMe: true,
  codes: [1000],
  requireClean: true,
};

/** The testee fails the connection: with 1002, or by dropping TCP [RFC 6455 §7.1.7]. */
export const FAILS_WITH_1002: CloseExpectation = {
  closedByMe: false,
  codes: [1002],
  requireClean: false,
};

/** The testee, and nobody else, fails the connection: text is not UTF-8 [RFC 6455 §8.1]. */
export const FAILS_WITH_1007: CloseExpectation = {
  closedByMe: false,
  codes: [1007],
  requireClean: false,
  wrongEndIsFatal: true,
};

/** The bytes of the close frame that ends a case which went well. */
export const NORMAL_CLOSE: Buffer = encodeClosePayload(1000);

/**
 * Where a payload of `length` bytes is cut: the lengths of its frames.
 *
 * By the suite's rule a piece is final only when it is short: when `fragmentBytes` divides the
 * length, an empty final frame follows, which is a case of its own that many implementations have
 * not met.
 */
export function fragment(length: number, fragmentBytes: number, withoutEmptyEnd = false): number[] {
  if (fragmentBytes <= 0 || length <= fragmentBytes) return [length];
  const lengths = new Array<number>(Math.floor(length / fragmentBytes)).fill(fragmentBytes);
  const rest = length % fragmentBytes;
  if (rest > 0 || !withoutEmptyEnd) lengths.push(rest);
  return lengths;
}
