/**
 * What a subcommand is: a name, a page of usage, and a function that returns the exit code.
 *
 * ```
 * 0  all is well          2  wrong arguments         130  interrupted
 * 1  something failed     3  nobody to talk to
 * ```
 */

/** What a command sees of the process. */
export interface CommandIo {
  /** Results. */
  readonly out: { write(text: string): unknown };
  /** Progress and complaints. */
  readonly err: {
    readonly isTTY?: boolean | undefined;
    readonly columns?: number | undefined;
    write(text: string): unknown;
  };
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A subcommand. Each lives in a file of its own, which exports it as `command`. */
export interface Command {
  /** Printed by `barewire <name> --help`, and after wrong arguments. */
  readonly usage: string;
  /**
   * Runs it.
   *
   * @returns the exit code.
   * @throws CommandLineError for wrong arguments.
   */
  run(args: readonly string[], io: CommandIo): Promise<number>;
}

/** The arguments are wrong; the message is one line that says how. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
}

/** The exit codes. */
export const EXIT = { fine: 0, failed: 1, usage: 2, unreachable: 3, interrupted: 130 } as const;
