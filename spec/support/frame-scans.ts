/** A scan of frames that writes down what it is told, and the bytes of frames for it. */
import { encodeFrame } from 'barewire/codec';
import { FrameScan } from '../../tools/conformance/frame-scan.ts';

/** Faults and frames in words, in their order. */
export type Told = string[];

/** A scan of what a client gets. */
export const scanner = (told: Told, allowRsv1 = false): FrameScan =>
  new FrameScan(
    { role: 'client', allowRsv1 },
    {
      fault: ({ code }) => void told.push(`fault ${code}`),
      frame: ({ opcode, fin }, payload) =>
        void told.push(`${opcode}${fin ? '+' : '-'} ${payload.toString('latin1')}`.trim()),
    },
  );

/** The bytes of a frame, legal or not. */
export const encode = (frame: object): Buffer =>
  encodeFrame(frame as Parameters<typeof encodeFrame>[0], { allowIllegal: true });
