/** The frame codec of RFC 6455: frames from bytes, and bytes from frames. */
export {
  type ClosePayload,
  encodeClosePayload,
  isValidCloseCode,
  MAX_REASON_BYTES,
  NO_STATUS_CODE,
  parseClosePayload,
} from './close-payload.ts';
export { encodeFrame, type FrameToEncode } from './frame-builder.ts';
export {
  createFrameHeader,
  type FrameHeader,
  frameHeaderLength,
  MAX_HEADER_LENGTH,
  RSV1,
  RSV2,
  RSV3,
  readFrameHeader,
  UNCOUNTABLE_LENGTH,
  writeFrameHeader,
} from './frame-header.ts';
export type { FrameSink } from './frame-parser.ts';
export { FrameReader, type FrameReaderOptions } from './frame-reader.ts';
export {
  type FrameRules,
  judgeFrameHeader,
  judgeFrameStart,
  MAX_CONTROL_PAYLOAD,
  type Role,
} from './frame-rules.ts';
export { encodeFrameInto, maxEncodedFrameLength } from './frame-writer.ts';
export { type MaskingStrategy, maskInto, setMaskingStrategy } from './mask.ts';
export { isControlOpcode, isDefinedOpcode, OPCODE } from './opcode.ts';
export { type BytesLike, viewBytes } from './payload-bytes.ts';
export { copyPayload, viewPayload } from './payload-copy.ts';
export { decodeAscii, decodeUtf8 } from './payload-text.ts';
export { lendReadMemory, viewRead } from './read-memory.ts';
export { ShortViews } from './short-views.ts';
export { encodeSoleFrame } from './sole-frame.ts';
