/**
 * What sockets call for their pumps: one function of each kind for all sockets, because closures
 * would cost more memory than the pump.
 */
import type { Duplex } from 'node:stream';
import { viewRead } from '../codec/index.ts';
import type { SocketPump } from './socket-pump.ts';

/** Where a socket's pump is found by the listeners. */
const PUMP = Symbol('barewire.pump');
/** A socket that has a pump, or had one. */
type PumpedSocket = Duplex & { [PUMP]?: SocketPump | undefined };

/** Gives a socket its pump, which is told how it ends. */
export function attachPump(socket: PumpedSocket, pump: SocketPump): void {
  socket[PUMP] = pump;
  // This listener stays for as long as the socket lives, hijacked or not: without one, a peer that
  // resets its connection would end the process.
  socket.on('error', onError);
  socket.on('close', onClose);
}

/** Tells the pump what comes. `flows`: by the stream, and not through the shared buffer. */
export function listenTo(socket: PumpedSocket, flows: boolean): void {
  socket.on('end', onEnd);
  socket.on('drain', onDrain);
  if (flows) socket.on('data', onData);
}

/** Takes its pump from a socket. */
export function detachPump(socket: PumpedSocket): void {
  socket.off('end', onEnd);
  socket.off('drain', onDrain);
  socket.off('data', onData);
  socket.off('close', onClose);
  socket[PUMP] = undefined;
}

/** Bytes came by the stream. */
function onData(this: PumpedSocket, bytes: Buffer): void {
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
function onEnd(this: PumpedSocket): void {
  this[PUMP]?.peerEnded();
}

/** The stream has room again. */
function onDrain(this: PumpedSocket): void {
  this[PUMP]?.flushAfter('drain');
}

/** The socket failed; `'close'` follows, or not. */
function onError(this: PumpedSocket, error: Error): void {
  this[PUMP]?.failed(error);
}

/** The socket is closed. */
function onClose(this: PumpedSocket): void {
  const pump = this[PUMP];
  // There are streams that say it twice.
  this[PUMP] = undefined;
  pump?.gone();
}
