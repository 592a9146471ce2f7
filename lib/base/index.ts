/** The ground: what every chapter stands on. Imports nothing of ours. */
export {
  ALPHA,
  CHARACTER_CLASS,
  COLON,
  CR,
  DIGIT,
  equalsIgnoringCase,
  FIELD_VALUE,
  HEX_DIGIT,
  HTAB,
  isFieldValue,
  isToken,
  LF,
  lowerAscii,
  SP,
  TOKEN,
  trimOws,
  VISIBLE,
} from './ascii.ts';
export { ByteQueue } from './byte-queue.ts';
export { asError, callSafely, isThenable, readVerdict } from './callbacks.ts';
export { HandshakeRejected, ProtocolError, type UsageCode, UsageError } from './errors.ts';
export { FAST_PATHS, type FastPath, hasFastPath } from './fast-paths.ts';
export { Fifo } from './fifo.ts';
export { Flags } from './flags.ts';
export { keepFreedMemory } from './freed-memory.ts';
export {
  ENTRY_OVERHEAD_BYTES,
  LIMITS,
  type Limit,
  type LimitName,
  type LimitOptions,
  resolveLimit,
} from './limits.ts';
export {
  A_BOOLEAN,
  A_FUNCTION,
  A_STRING,
  AN_ABORT_SIGNAL,
  AN_OBJECT,
  ANYTHING,
  CHECKED_LATER,
  checkOptions,
  haveValues,
  type OptionKind,
  type OptionTable,
} from './options.ts';
export {
  fulfilsOwed,
  missingField,
  type OwedField,
  owedField,
  SINGLETON_FIELDS,
  singletonBit,
} from './response-rules.ts';
export { settleShape } from './shapes.ts';
export { Spares } from './spares.ts';
export { Utf8Validator } from './utf8.ts';
export { VIOLATIONS, type Violation, type ViolationCode } from './violations.ts';
