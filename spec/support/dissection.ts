/**
 * Frames in words, for counterexamples: a line a frame, whatever is wrong with it.
 *
 *   <81 85 37 fa 21 3d …> 2 frames:
 *     FIN text, masked by 37fa213d, 5 bytes: "Hello"
 *     ping, not FIN, 0 bytes
 */
const NAMES: Readonly<Record<number, string>> = {
  0: 'continuation',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
};

const MOST_SHOWN = 32;

const hexOf = (bytes: Uint8Array): string =>
  `${Buffer.from(bytes.subarray(0, MOST_SHOWN)).toString('hex')}${bytes.length > MOST_SHOWN ? '…' : ''}`;

/** Payload bytes as text where it is plain ASCII, in hexadecimal otherwise. */
function showPayload(payload: Uint8Array): string {
  if (payload.length === 0) return '';
  const text = Buffer.from(payload.subarray(0, MOST_SHOWN)).toString('latin1');
  const more = payload.length > MOST_SHOWN ? '…' : '';
  return /^[ -~]*$/.test(text) ? `: ${JSON.stringify(text)}${more}` : `: <${hexOf(payload)}>`;
}

/** One frame at `at`: its words, and where the next begins; `undefined` when its header is cut. */
function dissectFrame(bytes: Uint8Array, at: number): { words: string; next: number } | undefined {
  const [first, second] = [bytes[at], bytes[at + 1]];
  if (first === undefined || second === undefined) return undefined;
  const form = { 126: 2, 127: 8 }[second & 127] ?? 0;
  const isMasked = second > 127;
  const payloadAt = at + 2 + form + (isMasked ? 4 : 0);
  if (payloadAt > bytes.length) return undefined;
  const digits = Buffer.from(bytes.subarray(at + 2, at + 2 + form)).toString('hex');
  const length = form === 0 ? second & 127 : Number.parseInt(digits, 16);
  const key = bytes.subarray(payloadAt - 4, payloadAt);
  const payload = bytes
    .slice(payloadAt, payloadAt + length)
    .map((byte, index) => (isMasked ? byte ^ key[index % 4]! : byte));
  const words = [
    `${first & 0x80 ? 'FIN ' : ''}${NAMES[first & 15] ?? `reserved opcode ${first & 15}`}`,
    ...((first & 0x70) === 0 ? [] : [`RSV ${((first >> 4) & 7).toString(2).padStart(3, '0')}`]),
    ...(isMasked ? [`masked by ${Buffer.from(key).toString('hex')}`] : []),
    `${length} bytes${form === 0 ? '' : ` announced in ${form}`}`,
    ...(payload.length < length ? [`only ${payload.length} there`] : []),
  ];
  return { words: words.join(', ') + showPayload(payload), next: payloadAt + length };
}

/** Dissects bytes as frames, one after the other, as far as they go. */
export function dissect(bytes: Uint8Array): string {
  const lines: string[] = [];
  let at = 0;
  for (let frame = dissectFrame(bytes, 0); frame !== undefined; frame = dissectFrame(bytes, at)) {
    lines.push(`  ${frame.words}`);
    at = frame.next;
  }
  if (at < bytes.length) lines.push(`  a header that is cut: <${hexOf(bytes.subarray(at))}>`);
  return [`<${hexOf(bytes)}> ${bytes.length} bytes:`, ...lines].join('\n');
}
