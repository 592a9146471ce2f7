/** What every server script does at its beginning and its end, and the flags they understand. */
import { computeAccept } from 'barewire/handshake';
import { CERTIFICATE, PRIVATE_KEY } from '../../../spec/support/certificate.ts';

/** What a server script is asked to be. */
export interface ServerMode {
  /**
   * `echo`: send every message back. `broadcast`: a message `N` sends N messages to everybody.
   * `sse`: `/send/N` sends N events to everybody. `http`: answer every request.
   */
  readonly mode: 'echo' | 'broadcast' | 'sse' | 'http';
  /** Negotiate permessage-deflate. */
  readonly deflate: boolean;
  /** Compress as barewire does unless it is told otherwise; those that cannot ignore it. */
  readonly ourSettings: boolean;
  /** Speak TLS. */
  readonly tls: boolean;
  /** Size of a broadcast message, an event or an answer in bytes. */
  readonly bytes: number;
}

/** Reads `--mode echo --bytes 200 --deflate --tls` from the command line. */
export function serverMode(args: readonly string[] = process.argv.slice(2)): ServerMode {
  const value = (flag: string): string | undefined => args[args.indexOf(flag) + 1];
  const mode = args.includes('--mode') ? (value('--mode') as ServerMode['mode']) : 'echo';
  const bytes = args.includes('--bytes') ? Number(value('--bytes')) : 200;
  const has = (flag: string): boolean => args.includes(flag);
  const ourSettings = has('--our-settings');
  return { mode, bytes, deflate: has('--deflate'), tls: has('--tls'), ourSettings };
}

/** What a broadcast sends: text that compresses about as well as JSON does. */
export function broadcastText(bytes: number): string {
  return '{"id":12345,"price":"101.25","name":"abcdefgh"},'.repeat(bytes / 40 + 1).slice(0, bytes);
}

/** The answer of a server that does the handshake by hand to a request that it does not judge. */
export function switchingProtocols(head: string): string {
  const key = /sec-websocket-key: (.*)\r\n/i.exec(head)![1]!;
  const accept = `Sec-WebSocket-Accept: ${computeAccept(key)}`;
  const fields = `Upgrade: websocket\r\nConnection: Upgrade\r\n${accept}`;
  return `HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\r\n`;
}

/** What a TLS server needs. */
export const TLS_IDENTITY = { cert: CERTIFICATE, key: PRIVATE_KEY } as const;

/** Prints the port for the harness, and ends the process when the harness goes away. */
export function ready(port: number): void {
  process.stdout.write(`${port}\n`);
  process.stdin.on('end', () => process.exit(0)).resume();
  process.on('SIGINT', () => process.exit(0));
}
