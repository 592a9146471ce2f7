/** One record of the wire, taken apart: the header bit by bit, the payload byte by byte. */
import { make } from './dom.ts';
import { gist, OPCODE_NAMES, payloadBytes, payloadText } from './frame-words.ts';
import type { WireFrame, WireHandshake, WireRecord } from './messages.ts';
import { renderRaw } from './raw-text.ts';

/** Bytes shown one by one; the rest is text. */
const SHOWN_BYTES = 48;

/** Renders a record; `request` is the upgrade request of the same connection. */
export function dissect(record: WireRecord, request: string | undefined): Node[] {
  if (record.kind === 'frame') return dissectFrame(record);
  if (record.kind === 'handshake') return dissectHandshake(record, request);
  const name = record.kind === 'end' ? 'End' : 'Broken';
  return [title(name, record), make('p', { class: 'gist' }, record.text)];
}

function title(text: string, record: WireRecord): HTMLElement {
  const seconds = (record.at / 1000).toFixed(3);
  const moment = `connection ${record.connection}, after ${seconds} s`;
  return make('h3', {}, text, make('small', {}, moment));
}

function dissectHandshake(record: WireHandshake, request: string | undefined): Node[] {
  const isRequest = record.direction === 'in';
  const key = /^sec-websocket-key: *(\S+)/im.exec(request ?? '')?.[1] ?? '';
  const accept = /^sec-websocket-accept: *(\S+)/im.exec(record.text)?.[1] ?? '';
  const why = isRequest
    ? 'An ordinary GET that asks to leave HTTP. The key is random: it proves nothing about the ' +
      'page, only that the other end speaks WebSocket.'
    : `The accept value is base64(SHA-1(key + a fixed GUID)). With the key ${key} it must be ` +
      `${accept}; after the empty line the frames begin.`;
  return [
    title(isRequest ? 'Opening handshake: request' : 'Opening handshake: response', record),
    make('p', { class: 'gist' }, why),
    make('pre', { class: 'whole raw' }, ...renderRaw(record.text, [key, accept])),
  ];
}

function dissectFrame(frame: WireFrame): Node[] {
  const name = OPCODE_NAMES[frame.opcode] ?? `opcode ${frame.opcode}`;
  const text = payloadText(frame);
  const bytes = payloadBytes(frame);
  const shown = Math.min(bytes.length, SHOWN_BYTES);
  const nodes: Node[] = [
    title(`${name[0]?.toUpperCase()}${name.slice(1)} frame`, frame),
    make('p', { class: 'gist' }, gist(frame)),
    headerFigure(frame),
  ];
  if (bytes.length > 0) {
    const of =
      shown < frame.payloadLength
        ? `the first ${shown} of ${frame.payloadLength} bytes`
        : `${shown} bytes`;
    nodes.push(
      make('h4', {}, 'Payload', make('small', {}, of)),
      payloadFigure(frame, bytes.subarray(0, shown)),
    );
  }
  if (frame.opcode < 8 && text !== '') {
    nodes.push(make('h4', {}, 'As text'), make('pre', { class: 'whole' }, text));
  }
  return nodes;
}

/** The figure of RFC 6455 §5.2, 16 bits wide, with the bits that really passed. */
function headerFigure(frame: WireFrame): HTMLElement {
  const bits = (frame.header.match(/../g) ?? [])
    .map((pair) => Number.parseInt(pair, 16).toString(2).padStart(8, '0'))
    .join('');
  const cells: Node[] = Array.from({ length: 16 }, (_, bit) =>
    make('span', { class: 'no' }, String(bit)),
  );
  const field = (width: number, name: string, from: number, value: string, look = ''): void => {
    cells.push(cell(width, name, bits.slice(from, from + width), value, look));
  };
  field(1, 'FIN', 0, '', frame.fin ? 'one' : '');
  field(1, 'RSV1', 1, '', frame.rsv & 4 ? 'one' : '');
  field(1, 'RSV2', 2, '');
  field(1, 'RSV3', 3, '');
  field(4, 'opcode', 4, OPCODE_NAMES[frame.opcode] ?? 'reserved');
  field(1, 'MASK', 8, '', frame.masked ? 'one' : '');
  const short = Number.parseInt(bits.slice(9, 16), 2);
  field(7, 'payload length', 9, short < 126 ? `${short} bytes` : `${short}: see next`);
  let at = 16;
  if (short === 126) {
    field(16, 'extended payload length', at, `${frame.payloadLength} bytes`, 'long');
    at += 16;
  } else if (short === 127) {
    for (let part = 0; part < 4; part += 1, at += 16) {
      const value = part === 3 ? `${frame.payloadLength} bytes` : '';
      field(16, `extended payload length, ${part + 1} of 4`, at, value, 'long');
    }
  }
  for (let byte = 0; frame.masked && byte < 4; byte += 1, at += 8) {
    field(8, `masking key ${byte}`, at, hex(Number.parseInt(bits.slice(at, at + 8), 2)), 'key');
  }
  return make(
    'div',
    { class: 'bits', role: 'img', 'aria-label': `header ${frame.header}` },
    ...cells,
  );
}

function cell(width: number, name: string, bits: string, value: string, look: string): HTMLElement {
  const digits = make(
    'span',
    { class: 'digits' },
    ...[...bits].map((bit) => make('span', {}, bit)),
  );
  // Narrow screens have no room for "RSV1" above one bit.
  const short = width === 1 ? name.replace(/^RSV/, 'R').slice(0, 2) : undefined;
  const children = [make('b', { 'data-short': short }, name), digits];
  if (value !== '') children.push(make('i', {}, value));
  return make('span', { class: `field s${width} ${look}` }, ...children);
}

/** Byte for byte: what passed, the key's byte, and what both give. */
function payloadFigure(frame: WireFrame, bytes: Uint8Array): HTMLElement {
  const key = frame.masked ? (frame.header.slice(-8).match(/../g) ?? []) : [];
  const labels = frame.masked ? ['on the wire', '⊕ key', '= payload', 'text'] : ['payload', 'text'];
  const legend = make(
    'span',
    { class: 'legend' },
    ...labels.map((label) => make('span', {}, label)),
  );
  const columns = Array.from(bytes, (byte, index) => {
    const isVisible = byte > 0x20 && byte < 0x7f;
    const last = [
      make('span', { class: 'p' }, hex(byte)),
      make(
        'span',
        { class: isVisible ? 'c' : 'c dim' },
        byte === 0x20 ? '␣' : isVisible ? String.fromCharCode(byte) : '·',
      ),
    ];
    if (!frame.masked) return make('span', {}, ...last);
    const keyByte = Number.parseInt(key[index % 4] ?? '0', 16);
    return make(
      'span',
      {},
      make('span', { class: 'w' }, hex(byte ^ keyByte)),
      make('span', { class: 'k' }, hex(keyByte)),
      ...last,
    );
  });
  return make('div', { class: 'xor' }, legend, make('div', { class: 'bytes' }, ...columns));
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
