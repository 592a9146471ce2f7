/** A client with the interface of browsers, one with promises, and what they have beyond. */
import { connectWebSocket, WebSocket } from 'barewire/client';

/** Sends a text by the interface of browsers; resolves with the answer. */
export function askLikeBrowsers(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.onopen = () => socket.send(text);
    socket.onmessage = (event) => {
      resolve(event.data as string);
      socket.close(1000);
    };
    socket.onerror = (event) => reject(event.error);
  });
}

/** Sends texts and reads as many answers, with promises; returns them and the round-trip time. */
export async function ask(url: string, texts: readonly string[]): Promise<[string[], number]> {
  const peer = await connectWebSocket(url, {
    headers: { cookie: 'session=1' },
    deflate: { serverNoContextTakeover: true },
    handshakeTimeoutMs: 5_000,
    maxRedirects: 2,
  });
  const answers: string[] = [];
  const roundTrip = peer.ping();
  for (const text of texts) peer.send(text);
  for await (const message of peer) {
    answers.push(message as string);
    if (answers.length === texts.length) break; // Leaving the loop closes the connection.
  }
  await peer.closed;
  return [answers, await roundTrip];
}
