/**
 * The law of frames: may this header come now? [RFC 6455 §5.1, §5.2, §5.4, §5.5]
 *
 * A header is judged before a byte of its payload is looked at, so that a forbidden or oversized
 * frame costs nothing. The rules that need the first two bytes only are judged as soon as those two
 * are there; the rules about the length when the header is complete. They are asked in the order in
 * which they stand here, so the same bytes are always refused for the same reason.
 *
 * This file knows neither where the bytes come from nor what follows a refusal.
 */
import type { ViolationCode } from '../base/index.ts';
import { type FrameHeader, RSV1 } from './frame-header.ts';
import { isControlOpcode, isDefinedOpcode, OPCODE } from './opcode.ts';

/** Which end of the connection we are. */
export type Role = 'client' | 'server';

/** What a header is judged against. */
export interface FrameRules {
  /** Our role: a server wants masked frames, a client frames that are not [RFC 6455 §5.1]. */
  readonly role: Role;
  /** Whether permessage-deflate was negotiated, which gives RSV1 a meaning [RFC 7692 §6]. */
  readonly allowRsv1: boolean;
  /** Largest payload length accepted, in bytes: at most 2⁵³ − 1. */
  readonly maxFrameBytes: number;
}

let last: FrameRules | undefined;

/** Returns an object of these rules: the last one again, where connections have the same. */
export function frameRules(role: Role, allowRsv1: boolean, maxFrameBytes: number): FrameRules {
  const isSame = last?.role === role && last.allowRsv1 === allowRsv1;
  if (last === undefined || !isSame || last.maxFrameBytes !== maxFrameBytes) {
    last = { role, allowRsv1, maxFrameBytes };
  }
  return last;
}

/** Longest payload of a control frame, in bytes [RFC 6455 §5.5]. */
export const MAX_CONTROL_PAYLOAD = 125;

/**
 * Judges a complete header.
 *
 * @param messageUnfinished whether the frames so far have begun a message and not ended it.
 * @returns the rule that the header breaks, `undefined` when it breaks none.
 */
export function judgeFrameHeader(
  header: FrameHeader,
  rules: FrameRules,
  messageUnfinished: boolean,
): ViolationCode | undefined {
  return judgeFrameStart(header, rules, messageUnfinished) ?? judgeFrameLength(header, rules);
}

/** Judges what the first two bytes of a header say, like {@link judgeFrameHeader}. */
export function judgeFrameStart(
  header: FrameHeader,
  rules: FrameRules,
  messageUnfinished: boolean,
): ViolationCode | undefined {
  const { opcode, rsv } = header;
  if (!isDefinedOpcode(opcode)) return 'reserved-opcode'; // [RFC 6455 §5.2]
  if (rsv !== 0) {
    // No bit without an extension that defines it [RFC 6455 §5.2]; and RSV1 marks messages, so it
    // stands on their first frame only, never on control frames [RFC 7692 §6].
    const beginsMessage = opcode === OPCODE.text || opcode === OPCODE.binary;
    if (rsv !== RSV1 || !rules.allowRsv1 || !beginsMessage) return 'reserved-bit';
  }
  if (header.masked !== (rules.role === 'server')) {
    return header.masked ? 'frame-masked' : 'frame-not-masked'; // [RFC 6455 §5.1]
  }
  if (isControlOpcode(opcode)) {
    if (!header.fin) return 'control-frame-fragmented'; // [RFC 6455 §5.4, §5.5]
    if (lengthBytes(header) > 0) return 'control-frame-too-long'; // [RFC 6455 §5.5]
  } else if (opcode === OPCODE.continuation) {
    if (!messageUnfinished) return 'continuation-without-start'; // [RFC 6455 §5.4]
  } else if (messageUnfinished) {
    return 'message-not-finished'; // messages are not interleaved [RFC 6455 §5.4]
  }
  return undefined;
}

function judgeFrameLength(header: FrameHeader, rules: FrameRules): ViolationCode | undefined {
  const { payloadLength } = header;
  const form = lengthBytes(header);
  if (form > 0) {
    // The smallest form that fits is a MUST for senders [RFC 6455 §5.2].
    // Stricter than the RFC: it does not say that receivers check it; but a length with two
    // spellings is what desynchronises two parsers of one stream, and no known sender needs it.
    if (payloadLength < 126) return 'length-not-minimal';
    if (form === 8 && payloadLength < 65_536) return 'length-not-minimal';
    if (payloadLength === Number.POSITIVE_INFINITY) return 'length-top-bit'; // [RFC 6455 §5.2]
  }
  if (payloadLength > rules.maxFrameBytes) return 'frame-too-large';
  return undefined;
}

/** Bytes of the extended length: 0, 2 or 8. */
function lengthBytes(header: FrameHeader): number {
  return header.headerLength - (header.masked ? 6 : 2);
}
