/** `undici`, a client only. */
import { WebSocket } from 'undici';
import { Ends, type ForeignPeer } from './peer.ts';
import { callAndEcho, type StandardClass } from './standard-client.ts';

/** undici. It inflates and does not compress. */
export const undici: ForeignPeer = {
  name: 'undici',
  asClient: { declines: [] },
  start() {
    const ends = new Ends();
    return Promise.resolve({
      connect: (url: string) =>
        callAndEcho(WebSocket as unknown as StandardClass, url, (code, reason) =>
          ends.see(code, reason),
        ),
      nextEnd: () => ends.next(),
      stop: () => {},
    });
  },
};
