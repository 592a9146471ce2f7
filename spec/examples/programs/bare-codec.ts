/**
 * The codec alone, in a loop written by hand: no connection object, no streams, no timers. What a
 * frame means is this program's business: it echoes, answers pings and says goodbye.
 */
import { createServer, type Socket } from 'node:net';
import { encodeFrame, FrameReader, OPCODE } from 'barewire/codec';
import {
  buildUpgradeResponse,
  formatUpgradeResponse,
  readUpgradeRequest,
} from 'barewire/handshake';
import { RequestReader } from 'barewire/http';

function readFrames(socket: Socket): FrameReader {
  let opcode = 0;
  let fin = false;
  let parts: Buffer[] = [];
  return new FrameReader(
    {
      frame(header) {
        ({ opcode, fin } = header);
        parts = [];
      },
      // The bytes are valid until the call returns: what is kept is copied.
      payload: (bytes, start, end) => parts.push(Buffer.from(bytes.subarray(start, end))),
      frameEnd() {
        const payload = Buffer.concat(parts);
        if (opcode === OPCODE.pong) return;
        if (opcode === OPCODE.ping) socket.write(encodeFrame({ opcode: OPCODE.pong, payload }));
        else if (opcode === OPCODE.close) socket.end(encodeFrame({ opcode, payload }));
        else socket.write(encodeFrame({ opcode, fin, payload }));
      },
      failed: (error) => socket.destroy(error),
    },
    { role: 'server' },
  );
}

export const server = createServer((socket) => {
  const receive = (bytes: Buffer): void => reader.receive(bytes);
  const reader = new RequestReader({
    head(head) {
      const upgrade = readUpgradeRequest(head);
      if (!upgrade.ok) return void socket.end(`HTTP/1.1 ${upgrade.status} No\r\n\r\n`);
      socket.write(formatUpgradeResponse(buildUpgradeResponse(upgrade)));
      const frames = readFrames(socket);
      socket.off('data', receive).on('data', (bytes) => frames.receive(bytes));
      frames.receive(reader.handOver());
    },
    body() {},
    end() {},
    failed: (error) => socket.end(`HTTP/1.1 ${error.status ?? 400} No\r\n\r\n`),
  });
  socket.on('data', receive).on('error', () => socket.destroy());
});
server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1');
