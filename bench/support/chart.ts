/**
 * A report as a chart: for each row its contenders as bars, as long as their medians, with the
 * quartiles as a whisker. Plain SVG that needs nothing from elsewhere, and reads on light and dark.
 */
import type { Entry, Row } from './report.ts';
import { formatRatio, formatValue } from './units.ts';

const WIDTH = 860;
const LABEL = 200;
const BAR = 430;
const LINE = 20;
const GAP = 26;
const TOP = 44;

/** Ours stands out; the others are told apart by their names. */
const STYLE = `text{font:12px system-ui,sans-serif;fill:#333}.title{font-size:16px;font-weight:600}
.row{font-weight:600}.ours{fill:#0a7d55}.theirs{fill:#9aa4b1}.whisker{stroke:#333;stroke-width:1}
rect.ground{fill:#fff}
@media (prefers-color-scheme:dark){text{fill:#ddd}.whisker{stroke:#ddd}rect.ground{fill:#15181c}}`;

/** Draws rows, each to a scale of its own: lengths compare within a row only. */
export function drawBars(title: string, rows: readonly Row[]): string {
  const parts: string[] = [];
  let y = TOP;
  for (const row of rows) {
    const entries = row.entries.filter(({ samples }) => samples.length > 0);
    if (entries.length === 0) continue;
    parts.push(
      `<text class="row" x="12" y="${y + 12}">${escapeXml(`${row.id}  ${row.title}`)}</text>`,
    );
    y += LINE;
    const longest = Math.max(...entries.map(({ high }) => high));
    for (const [index, entry] of entries.entries()) {
      parts.push(drawEntry(row, entry, index === 0, y, longest));
      y += LINE;
    }
    y += GAP - LINE / 2;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" ${sizeOf(WIDTH, y)}>`,
    `<title>${escapeXml(title)}</title><style>${STYLE}</style>`,
    `<rect class="ground" ${sizeOf(WIDTH, y)}/>`,
    `<text class="title" x="12" y="26">${escapeXml(title)}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function drawEntry(row: Row, entry: Entry, isOurs: boolean, y: number, longest: number): string {
  const scale = (value: number): number => Math.max(0, (value / longest) * BAR);
  const length = scale(entry.median);
  const middle = y + 7;
  const x1 = LABEL + scale(entry.low);
  const x2 = LABEL + scale(entry.high);
  const { ratio } = entry;
  const compared = ratio === undefined ? '' : ` · ours ${formatRatio(ratio.median)} ×`;
  const label = `${formatValue(entry.median, row.unit)}${compared}`;
  const kind = isOurs ? 'ours' : 'theirs';
  return [
    `<text x="${LABEL - 8}" y="${y + 11}" text-anchor="end">${escapeXml(entry.name)}</text>`,
    `<rect class="${kind}" x="${LABEL}" y="${y}" ${sizeOf(length, 14)}/>`,
    `<path class="whisker" d="M${x1.toFixed(1)} ${middle}H${x2.toFixed(1)}"/>`,
    `<text x="${(x2 + 8).toFixed(1)}" y="${y + 11}">${escapeXml(label)}</text>`,
  ].join('');
}

const sizeOf = (width: number, height: number): string =>
  `width="${width.toFixed(1)}" height="${height.toFixed(1)}"`;

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
