/**
 * What sockets call for their pumps: one function of each kind for all sockets, because closures
 * would cost more memory than the pump.
 */
import type { Duplex } from 'node:stream';
import { viewRead } from '../codec/index.ts';
import type { SocketPump } from './socket-pump.ts';

/** Where a socket's pump is found by the listeners. */
export const PUMP = Symbol('barewire.pump');
/** A socket that has a pump, or had one. */
export type PumpedSocket = Duplex & { [PUMP]?: SocketPump | undefined };

/** Bytes came by the stream. */
export function onData(this: PumpedSocket, bytes: Buffer): void {
  this[PUMP]?.received(bytes);
}

/**
 * What a socket calls that reads into the shared buffer, see shared-read.ts. A socket that was
 * released gets its bytes as any stream does.
 */
export function onSharedRead(this: Duplex, length: number): boolean {
  const bytes = viewRead(length);
  const pump = (this as PumpedSocket)[PUMP];
  if (pump === undefined || pump.isHolding) return this.push(Buffer.from(bytes));
  pump.received(bytes);
  return true;
}

/** The peer has ended its side. */
export function onEnd(this: PumpedSocket): void {
  this[PUMP]?.peerEnded();
}

/** The stream has room again. */
export function onDrain(this: PumpedSocket): void {
  this[PUMP]?.flushAfter('drain');
}

/** The socket failed; `'close'` follows, or not. */
export function onError(this: PumpedSocket, error: Error): void {
  this[PUMP]?.failed(error);
}

/** The socket is closed. */
export function onClose(this: PumpedSocket): void {
  const pump = this[PUMP];
  // There are streams that say it twice.
  this[PUMP] = undefined;
  pump?.gone();
}
