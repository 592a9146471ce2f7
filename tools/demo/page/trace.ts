/**
 * The last frame as an oscilloscope would see it: one step for each bit, in the order of the
 * wire.
 */
import { find, showText } from './dom.ts';
import { OPCODE_NAMES, wireBytes } from './frame-words.ts';
import type { WireFrame } from './messages.ts';

const BITS = 96;
const WIDTH = 960;
const LOW = 44;
const HIGH = 10;

const figure = find('trace');

/** Draws the first bits of a frame: header, masking key, and payload in three colours. */
export function drawTrace(frame: WireFrame): void {
  const bytes = wireBytes(frame).subarray(0, BITS / 8);
  const keyEnd = Math.min(frame.header.length / 2, bytes.length);
  const keyStart = frame.masked ? keyEnd - 4 : keyEnd;
  const parts: readonly (readonly [name: string, from: number, to: number])[] = [
    ['head', 0, keyStart],
    ['key', keyStart, keyEnd],
    ['load', keyEnd, bytes.length],
  ];
  for (const [name, from, to] of parts) {
    figure.querySelector(`.${name}`)?.setAttribute('d', line(bytes, from, to));
  }
  // The line after the last byte is idle, and drawn as far as the picture goes.
  const end = (bytes.length * 8 * WIDTH) / BITS;
  figure.querySelector('.idle')?.setAttribute('d', `M${end} ${LOW}H${WIDTH}`);
  figure.classList.remove('fresh');
  requestAnimationFrame(() => figure.classList.add('fresh'));
  const way = frame.direction === 'in' ? 'page → server' : 'server → page';
  const name = OPCODE_NAMES[frame.opcode] ?? `opcode ${frame.opcode}`;
  showText('trace-text', `last frame: ${name}, ${frame.payloadLength} bytes, ${way}`);
}

function line(bytes: Uint8Array, from: number, to: number): string {
  const step = WIDTH / BITS;
  let path = '';
  for (let bit = from * 8; bit < to * 8; bit += 1) {
    const isSet = ((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
    const y = isSet === 1 ? HIGH : LOW;
    path += path === '' ? `M${bit * step} ${y}` : `V${y}`;
    path += `H${(bit + 1) * step}`;
  }
  return path;
}
