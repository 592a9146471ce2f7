/** Packages of the examples and the interoperation specs that come without types: what is used of them. */

declare module 'express' {
  import type { RequestListener } from 'node:http';

  interface Response {
    send(body: string): void;
  }
  type Application = RequestListener & {
    get(path: string, handler: (request: unknown, response: Response) => void): void;
  };
  function express(): Application;
  export = express;
}

declare module 'faye-websocket' {
  import type { EventEmitter } from 'node:events';
  import type { IncomingMessage } from 'node:http';
  import type { Duplex } from 'node:stream';

  class FayeWebSocket extends EventEmitter {
    constructor(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      protocols?: string[],
      options?: object,
    );
    readonly protocol: string;
    send(data: string | Buffer): boolean;
    ping(data: string, callback: () => void): boolean;
    close(code?: number, reason?: string): void;
  }
  namespace FayeWebSocket {
    class Client extends FayeWebSocket {
      constructor(url: string, protocols?: string[], options?: object);
    }
  }
  export = FayeWebSocket;
}

declare module 'permessage-deflate' {
  const extension: { configure(options: object): object };
  export = extension;
}

declare module 'websocket' {
  import type { EventEmitter } from 'node:events';
  import type { Server } from 'node:http';

  interface Message {
    readonly type: 'utf8' | 'binary';
    readonly utf8Data?: string;
    readonly binaryData?: Buffer;
  }
  interface Connection extends EventEmitter {
    readonly protocol: string;
    sendUTF(text: string): void;
    sendBytes(bytes: Buffer): void;
    ping(data: Buffer): void;
    close(code?: number, reason?: string): void;
    drop(code: number, reason: string): void;
    on(event: 'message', listener: (message: Message) => void): this;
    on(event: 'close', listener: (code: number, reason: string) => void): this;
    on(event: 'pong', listener: (data: Buffer) => void): this;
    on(event: 'error', listener: () => void): this;
  }
  class WebSocketServer extends EventEmitter {
    constructor(options: { httpServer: Server; [name: string]: unknown });
    shutDown(): void;
  }
  class WebSocketClient extends EventEmitter {
    constructor(options?: object);
    connect(url: string, protocols?: string[]): void;
  }
  namespace websocket {
    export type { Connection, Message };
    export { WebSocketClient as client, WebSocketServer as server };
  }
  export = websocket;
}
