/** What an exchange needs of the connection it came on. */
import type { ClientAddress } from './client-address.ts';
import type { ServerSettings } from './server-settings.ts';
import type { SocketPump } from './socket-pump.ts';

/** The connection, as an exchange sees it. */
export interface ExchangeTransport {
  readonly pump: SocketPump;
  readonly settings: ServerSettings;
  readonly client: ClientAddress;
  /** Whether the connection is encrypted. */
  readonly isSecure: boolean;
  /** Whether the connection could serve another request after the response that begins now. */
  mayKeepAlive(): boolean;
  /** The response has been written. */
  responseEnded(): void;
  /** Speaks HTTP no more, and returns the bytes that have come and were not read; they are yours. */
  handOver(): Buffer;
  /** Takes what code of the application threw where nobody catches it. */
  reportError(error: unknown): void;
}
