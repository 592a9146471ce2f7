/**
 * What a case sends, told frame by frame in a short notation that specs can be compared with:
 *
 *   text+ Hello        opcode and FIN, then the payload
 *   op5-               a reserved opcode, FIN = 0, empty
 *   text+r2 Hello      RSV = 2
 *   binary+ fe*125     a repeated octet
 *   wait 1 A · kill 1 · close-after 1
 */
import { createFrameHeader, maskInto, readFrameHeader } from 'barewire/codec';
import { VirtualClock } from '../../../tools/conformance/broken-peers/virtual-clock.ts';
import { CaseRun } from '../../../tools/conformance/case-run.ts';
import { BEYOND_CATALOGUE } from '../../../tools/conformance/cases/beyond/index.ts';
import { CATALOGUE, type CatalogueEntry } from '../../../tools/conformance/cases/index.ts';
import type { Role } from '../../../tools/conformance/model.ts';
import { WireLog } from '../../../tools/conformance/wire-log.ts';

const NAMES: Readonly<Record<number, string>> = {
  0: 'cont',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
};

/** Finds a case, of the original or of ours. */
export function findCase(id: string): CatalogueEntry {
  const entry = [...CATALOGUE, ...BEYOND_CATALOGUE].find((each) => each.case.id === id);
  if (entry === undefined) throw new Error(`no case ${id}`);
  return entry;
}

/** Everything that a case writes when nothing ever comes back, octet for octet. */
export async function captureWrites(
  entry: CatalogueEntry,
  role: Role,
): Promise<{ writes: Buffer[]; log: WireLog }> {
  const clock = new VirtualClock();
  const log = new WireLog(() => clock.now(), false);
  const writes: Buffer[] = [];
  let isGone = false;
  const run: CaseRun = new CaseRun(
    entry.case,
    {
      role,
      clock,
      log,
      nextMaskingKey: () => 0x01020304,
      transport: {
        write: (bytes) => void writes.push(Buffer.from(bytes)),
        whenTaken: (run) => clock.soon(run),
        setReading: () => {},
        end: () => run.peer.receiveEnd(),
        abort: () => run.peer.receiveEnd(),
      },
    },
    () => {
      isGone = true;
    },
  );
  run.open();
  await clock.runUntil(() => isGone);
  return { writes, log };
}

/** The frames of a case and its timers, up to the close frame that a timer sends. */
export async function tellCase(id: string, role: Role = 'client'): Promise<string[]> {
  const { log } = await captureWrites(findCase(id), role);
  const told: string[] = [];
  for (const entry of log.entries) {
    if (entry.kind === 'timer' && entry.seconds === undefined && entry.name !== 'wait') break;
    if (entry.kind === 'timer' && entry.seconds !== undefined) {
      told.push(`${entry.name} ${entry.seconds} ${entry.tag ?? ''}`.trim());
    }
    if (entry.kind !== 'frame') continue;
    const { opcode, fin, rsv, payloadLength } = entry.header;
    const name = NAMES[opcode] ?? `op${opcode}`;
    const chop = entry.chop === undefined ? (entry.sync ? ' sync' : '') : ` chop ${entry.chop}`;
    const flags = `${fin ? '+' : '-'}${rsv === 0 ? '' : `r${rsv}`}`;
    const content = tellPayload(entry.preview, payloadLength);
    told.push(`${name}${flags} ${content}`.trim() + chop);
  }
  return told;
}

function tellPayload(preview: Buffer, length: number): string {
  if (length === 0) return '';
  const [first] = preview;
  if (length > 20 && preview.every((octet) => octet === first)) {
    return `${preview.toString('hex', 0, 1)}*${length}`;
  }
  const isPlain = preview.every((octet) => octet >= 0x20 && octet < 0x7f);
  return isPlain ? preview.toString() : preview.toString('hex');
}

/** Frames read literally from octets: header and unmasked payload, however illegal. */
export function readFrames(bytes: Buffer): { opcode: number; fin: boolean; payload: Buffer }[] {
  const frames = [];
  for (let at = 0; at < bytes.length; ) {
    const header = createFrameHeader();
    if (!readFrameHeader(bytes, at, bytes.length, header)) throw new Error('half a header');
    const start = at + header.headerLength;
    const payload = Buffer.from(bytes.subarray(start, start + header.payloadLength));
    if (header.masked) maskInto(payload, 0, payload.length, payload, 0, header.maskingKey, 0);
    frames.push({ opcode: header.opcode, fin: header.fin, payload });
    at = start + header.payloadLength;
  }
  return frames;
}
