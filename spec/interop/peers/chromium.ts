/** Chromium, a client only: the WebSocket of a page. */
import { existsSync } from 'node:fs';
import { chromium as launcher } from 'playwright-core';
import { Ends, type ForeignPeer } from './peer.ts';
import { callAndEcho } from './standard-client.ts';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];

/** Chromium. */
export const chromium: ForeignPeer = {
  name: 'Chromium',
  missing: () => (existsSync(CHROMIUM) ? undefined : 'chromium, or CHROMIUM'),
  asClient: { compresses: true, declines: [] },
  async start() {
    const ends = new Ends();
    const browser = await launcher.launch({ executablePath: CHROMIUM, args: ARGS });
    const page = await browser.newPage();
    await page.exposeFunction('ended', (code: number, reason: string) => ends.see(code, reason));
    return {
      connect: (url) =>
        void page.evaluate(`(${callAndEcho})(WebSocket, ${JSON.stringify(url)}, ended)`),
      nextEnd: () => ends.next(),
      stop: () => browser.close(),
    };
  },
};
