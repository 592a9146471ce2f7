/** Peers that need a process of their own: Bun, Node's built-in client, two of Python's. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SOURCES, startChild, works } from './child.ts';
import type { ForeignPeer, Habits } from './peer.ts';

const SCRIPT = resolve(fileURLToPath(import.meta.url), '../bun-echo.js');
const BUN = process.env['BUN'] ?? 'node_modules/.bin/bun';
/** Debian's: packages of `apt-get` are not seen by other Pythons. */
const PYTHON = process.env['PYTHON'] ?? '/usr/bin/python3';

/** Bun. */
export const bun: ForeignPeer = {
  name: 'Bun',
  missing: () => (works(BUN, '--version') ? undefined : 'the package bun, or BUN'),
  asServer: {
    pings: true,
    compresses: true,
    // It never names its window.
    declines: ['a window of 9 bits at the server', 'small windows, and both forget'],
    bareClose: '1000',
  },
  asClient: { compresses: true, declines: [] },
  start: () => startChild(BUN, SCRIPT),
};

/** Node's built-in client, which version 20 has behind a flag. */
export const node: ForeignPeer = {
  name: "Node's WebSocket",
  asClient: { declines: [] },
  start: () => startChild(process.execPath, '--experimental-websocket', '--no-warnings', SCRIPT),
};

const ofPython = (module: string, habits: Habits): ForeignPeer => ({
  name: `Python ${module}`,
  missing: () =>
    works(PYTHON, '-c', `import ${module}`) ? undefined : `python3-${module} of Debian`,
  asServer: habits,
  asClient: habits,
  start: () => startChild(PYTHON, '-u', resolve(SOURCES, `${module}_echo.py`)),
});

/** Python's websockets. */
export const pythonWebsockets = ofPython('websockets', {
  pings: true,
  fragments: true,
  compresses: true,
  declines: [],
  bareClose: '1000',
});

/** Python's autobahn. */
export const autobahn = ofPython('autobahn', {
  pings: true,
  fragments: true,
  compresses: true,
  declines: [],
});
