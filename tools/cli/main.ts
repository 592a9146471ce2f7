#!/usr/bin/env node
/**
 * The program `barewire`: the process around the command line.
 *
 * The first Ctrl-C asks the command to finish and to write what there is; the second one ends it.
 */
import { EXIT } from './command.ts';
import { runCli } from './run-cli.ts';

const controller = new AbortController();
process.on('SIGINT', () => {
  if (controller.signal.aborted) process.exit(EXIT.interrupted);
  controller.abort();
});
process.on('SIGTERM', () => controller.abort());

const code = await runCli(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  signal: controller.signal,
});
process.exit(code);
