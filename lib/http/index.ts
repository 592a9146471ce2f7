/** HTTP/1.1 messages: readers for both directions, the fields they carry, and a response writer. */
export type { BodyFraming, RequestFraming, Version } from './body-framing.ts';
export { Fields } from './fields.ts';
export { createDateSource, formatHttpDate, parseHttpDate } from './http-date.ts';
export {
  HTTP_LIMIT_NAMES,
  type HttpLimitName,
  type HttpLimitOptions,
  type HttpLimits,
  resolveHttpLimits,
} from './http-limits.ts';
export { hasElement, listElements } from './lists.ts';
export { type MediaType, parseMediaType } from './media-type.ts';
export type { BodySink, ReaderPhase } from './message-reader.ts';
export { reasonPhrase } from './reason-phrases.ts';
export type { RequestHead } from './request-head.ts';
export { RequestReader, type RequestSink } from './request-reader.ts';
export type { TargetForm } from './request-target.ts';
export type { FieldsInit } from './response-fields.ts';
export type { AnsweredRequest, BodySize, ResponseFraming } from './response-framing.ts';
export type { ResponseHead } from './response-head.ts';
export { ResponseReader, type ResponseSink } from './response-reader.ts';
export { type HeadOptions, ResponseWriter } from './response-writer.ts';
