/** What shows a fast path of the codec or of HTTP by itself, without a server around it. */
import { type FastPath, Utf8Validator } from 'barewire/base';
import { contender } from '../framing/barewire.ts';
import { makeDecodeCase, makeEncodeCase } from '../framing/cases.ts';
import type { Workload } from '../framing/workload.ts';
import { BAREWIRE } from '../http/barewire.ts';
import { makeHeadsCase } from '../http/heads-case.ts';
import type { Case } from '../support/suite.ts';

/** One row: with all fast paths, without each of `paths`, and without any. */
export interface PathRow {
  readonly id: string;
  readonly title: string;
  /** Those it shows. */
  readonly paths: readonly FastPath[];
  readonly env?: Readonly<Record<string, string>>;
  /** Makes the work, in the process in which it is measured. */
  readonly makeCase: () => Case;
}

const SHORT: Workload = {
  direction: 'decode',
  role: 'server',
  kind: 'text',
  size: 20,
  fragments: 1,
  script: 'ascii',
};
/** As a server reads: into memory that it reads into again. */
const SHARED_READS = { BAREWIRE_BENCH_READS: 'shared' };

const framing = (workload: Partial<Workload>) => (): Case => {
  const whole = { ...SHORT, ...workload };
  const make = whole.direction === 'decode' ? makeDecodeCase : makeEncodeCase;
  return make(contender, whole);
};

const heads = (id: string) => (): Case => makeHeadsCase(BAREWIRE, id);

function checkText(): Case {
  const bytes = Buffer.from('κόσμε '.repeat(372));
  const validator = new Utf8Validator();
  return {
    name: 'UTF-8',
    run() {
      validator.reset();
      const bad = validator.push(bytes);
      if (bad !== -1) throw new Error(`good text is refused at ${bad}`);
      return bytes.length + bad;
    },
  };
}

const FRAMES: readonly PathRow[] = [
  {
    id: 'read masked 20',
    title: 'read masked text 20 B',
    paths: ['short-text', 'message-assembler', 'mask'],
    makeCase: framing({}),
  },
  {
    id: 'read unmasked 20',
    title: 'read unmasked text 20 B',
    paths: ['frame-parser', 'short-text', 'message-assembler'],
    makeCase: framing({ role: 'client' }),
  },
  {
    id: 'read unmasked 1024',
    title: 'read unmasked binary 1 KiB',
    paths: ['frame-parser'],
    makeCase: framing({ role: 'client', kind: 'binary', size: 1_024 }),
  },
  {
    id: 'read masked 16384',
    title: 'read masked binary 16 KiB',
    paths: ['mask', 'frame-parser'],
    makeCase: framing({ kind: 'binary', size: 16_384 }),
  },
  {
    id: 'read UTF-8 1024',
    title: 'read masked text UTF-8 1 KiB',
    paths: ['mask'],
    makeCase: framing({ size: 1_024, script: 'mixed' }),
  },
  {
    id: 'read copied 126',
    title: 'read masked binary 126 B, shared reads',
    paths: ['payload-copy', 'mask'],
    env: SHARED_READS,
    makeCase: framing({ kind: 'binary', size: 126 }),
  },
  {
    id: 'write unmasked 20',
    title: 'write unmasked text 20 B',
    paths: ['frame-writer', 'outbox'],
    makeCase: framing({ direction: 'encode' }),
  },
  {
    id: 'write unmasked 65536',
    title: 'write unmasked text 64 KiB',
    paths: ['sole-frame', 'outbox'],
    makeCase: framing({ direction: 'encode', size: 65_536 }),
  },
  {
    id: 'write masked 16384',
    title: 'write masked binary 16 KiB',
    paths: ['mask', 'outbox'],
    makeCase: framing({ direction: 'encode', role: 'client', kind: 'binary', size: 16_384 }),
  },
];

const OTHERS: readonly PathRow[] = [
  {
    id: 'heads again',
    title: 'the same request head again and again',
    paths: ['repeated-section', 'request-line'],
    makeCase: heads('P5'),
  },
  {
    id: 'heads varied',
    title: 'request heads that differ',
    paths: ['request-line', 'field-section', 'value-scan'],
    makeCase: heads('P5 varied'),
  },
  {
    id: 'heads by bytes',
    title: 'a request head, one byte a read',
    paths: ['byte-queue'],
    makeCase: heads('HTTP dribble kitty'),
  },
  { id: 'check UTF-8', title: 'UTF-8 checked, 4 KiB', paths: ['utf8'], makeCase: checkText },
];

/** All rows. */
export const PATH_ROWS: readonly PathRow[] = [...FRAMES, ...OTHERS];
