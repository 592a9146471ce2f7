/** `npm start`: serves the demo until it is told to stop. */
import { createDemo } from './demo.ts';
import { HELP, readCommand } from './options.ts';

/** How long open connections have after the first signal. */
const DRAIN_MS = 2000;

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use; choose another one with --port',
  EACCES: 'needs more rights; choose one above 1023 with --port',
  EADDRNOTAVAIL: 'cannot be had: this machine has no such address',
  ENOTFOUND: 'cannot be had: this machine has no such address',
};

async function serve(port: number, host: string): Promise<void> {
  const { server, world } = createDemo();
  try {
    const { port: actual } = await server.listen(port, host);
    world.ticker.start();
    const shown = host === '127.0.0.1' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
    console.log(`barewire demo: http://${shown}:${actual}/`);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    fail(`${host}:${port} ${REASONS[code] ?? `cannot be listened on: ${message}`}`, 1);
    return;
  }
  const stop = (): void => {
    world.close();
    void server.close({ deadlineMs: DRAIN_MS });
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

function fail(reason: string, code: number): void {
  console.error(`barewire demo: ${reason}`);
  process.exitCode = code;
}

const command = readCommand(process.argv.slice(2), process.env);
if (command.kind === 'help') console.log(HELP);
else if (command.kind === 'wrong') fail(command.reason, 2);
else await serve(command.port, command.host);
