/**
 * permessage-deflate: the extension list, its negotiation, and the codec of compressed messages.
 */
export { compressOnce, compressOnceLater } from './compress-once.ts';
export {
  type DeflateParameters,
  type DeflatePolicy,
  PERMESSAGE_DEFLATE,
  resolveDeflatePolicy,
} from './deflate-parameters.ts';
export {
  type Extension,
  type ExtensionParameter,
  formatExtensionList,
  parseExtensionList,
} from './extension-list.ts';
export { MessageCodec, type MessageCodecOptions } from './message-codec.ts';
export { DEFLATE_HERE_BYTES } from './message-deflater.ts';
export type { DeflateJobDone, WorkingNotice } from './message-format.ts';
export {
  type AcceptedOffer,
  buildOffer,
  checkResponse,
  negotiateServer,
} from './negotiation.ts';
export { DeflatePool, sharedDeflatePool } from './pool.ts';
