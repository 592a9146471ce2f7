/**
 * A tree of calls as a flame graph: callers below, what they call above, widths as times. One SVG
 * that needs nothing from elsewhere; pointing at a box shows its name, place and times.
 */
import type { Call, Owner } from './call-tree.ts';

const WIDTH = 1400;
const LEVEL = 18;
/** Narrower calls are left out: nobody could see them. */
const MIN_WIDTH = 0.5;
/** Narrower boxes have no room for a name. */
const MIN_NAMED_WIDTH = 40;
const CHARACTER_WIDTH = 6.5;

const COLOURS: Readonly<Record<Owner, string>> = {
  ours: '#35a57c',
  streams: '#d9a441',
  node: '#c97b4a',
  native: '#b55b5b',
  collector: '#8c7ab8',
  idle: '#cccccc',
  others: '#7d8894',
};

interface Box {
  readonly call: Call;
  readonly x: number;
  readonly width: number;
  readonly depth: number;
}

/** Draws everything but idle time. */
export function drawFlameGraph(title: string, root: Call): string {
  const whole = withoutIdle(root);
  const boxes: Box[] = [];
  const place = (call: Call, x: number, depth: number): void => {
    const width = (call.total / whole.total) * WIDTH;
    if (width < MIN_WIDTH) return;
    boxes.push({ call, x, width, depth });
    let left = x;
    for (const child of call.children) {
      place(child, left, depth + 1);
      left += (child.total / whole.total) * WIDTH;
    }
  };
  place(whole, 0, 0);
  const depth = Math.max(...boxes.map((box) => box.depth));
  const height = (depth + 1) * LEVEL + 60;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}">`,
    '<style>text{font:11px ui-monospace,monospace}rect{stroke:#fff;stroke-width:.5}</style>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="8" y="18" style="font-size:14px">${escapeXml(title)}</text>`,
    drawLegend(),
    ...boxes.map((box) => drawBox(box, height, whole.total)),
    '</svg>\n',
  ].join('\n');
}

function withoutIdle(root: Call): Call {
  const children = root.children.filter(({ owner }) => owner !== 'idle');
  const total = children.reduce((sum, child) => sum + child.total, root.self);
  return { ...root, name: 'all', children, total: Math.max(total, 1) };
}

function drawLegend(): string {
  const owners = Object.entries(COLOURS).filter(([owner]) => owner !== 'idle');
  return owners
    .map(([owner, colour], index) => {
      const x = 8 + index * 100;
      const patch = `<rect x="${x}" y="28" width="12" height="12" fill="${colour}"/>`;
      return `${patch}<text x="${x + 16}" y="38">${owner}</text>`;
    })
    .join('');
}

function drawBox({ call, x, width, depth }: Box, height: number, whole: number): string {
  const y = height - (depth + 1) * LEVEL;
  const milliseconds = (call.total / 1e3).toFixed(1);
  const part = ((100 * call.total) / whole).toFixed(1);
  const label = `${call.name} ${call.place}`.trim();
  const room = Math.floor(width / CHARACTER_WIDTH);
  const text =
    width < MIN_NAMED_WIDTH
      ? ''
      : `<text x="${(x + 3).toFixed(1)}" y="${y + 13}">${escapeXml(label.slice(0, room))}</text>`;
  return [
    `<g><title>${escapeXml(label)}: ${milliseconds} ms, ${part} %</title>`,
    `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${LEVEL - 1}"`,
    ` fill="${COLOURS[call.owner]}"/>${text}</g>`,
  ].join('');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
