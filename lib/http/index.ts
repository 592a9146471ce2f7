/** HTTP/1.1 messages. */
export { createDateSource, formatHttpDate } from './http-date.ts';
export { reasonPhrase } from './reason-phrases.ts';
export type { FieldsInit } from './response-fields.ts';
export type { AnsweredRequest, BodySize, ResponseFraming } from './response-framing.ts';
export { ResponseWriter } from './response-writer.ts';
