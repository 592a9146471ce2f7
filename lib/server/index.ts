/** The top floor: sockets, timers, and the server. */
export { Deadline, SYSTEM_TIME, TimerWheel, type TimeSource } from './clock.ts';
export { OutputQueue } from './output-queue.ts';
export { shareReads } from './shared-read.ts';
export { onSharedRead, type PumpSink, SocketPump, type TransportEnd } from './socket-pump.ts';
export { type PumpSettings, SocketWriter } from './socket-writer.ts';
