/** WebSockets in other people's servers: node:http, Express, Fastify, node:http2, any Duplex. */
export type { Caps } from './census.ts';
export { acceptDuplex } from './duplex.ts';
export type { AdapterEndpoint } from './endpoint.ts';
export { LineFields } from './line-fields.ts';
export { acceptUpgrade } from './node-http.ts';
export { acceptStream, isWebSocketConnect } from './node-http2.ts';
export { Opening } from './opening.ts';
