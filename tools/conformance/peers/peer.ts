/**
 * Other people's implementations as echo peers: what each of them offers, and the loop of a test
 * client.
 *
 * They are development dependencies of this repository and only needed for the table of results.
 */

/** A running echo server. */
export interface EchoServer {
  readonly port: number;
  close(): Promise<void>;
}

/** One implementation. */
export interface ForeignPeer {
  /** Name and version, as in reports. */
  readonly agent: string;
  /** The runtime that it needs; Node when left out. */
  readonly command?: string | undefined;
  /** Starts an echo server on a free port of 127.0.0.1; `undefined` when it has no server. */
  readonly serve?: (() => Promise<EchoServer>) | undefined;
  /**
   * Opens a connection, hands each message to `onMessage` with a way to send one back, and resolves
   * when it is closed, however it ended.
   */
  readonly connect?: ((url: string, onMessage: MessageHandler) => Promise<void>) | undefined;
}

/** Takes a message; `reply` sends one of the same type. */
export type MessageHandler = (
  data: string | Buffer,
  reply: (data: string | Buffer) => void,
) => void;

/** Sends back what comes. */
export const echo: MessageHandler = (data, reply) => reply(data);

/** Runs all cases of a fuzzing server with one client, `parallel` connections at a time. */
export async function driveClient(
  url: string,
  agent: string,
  connect: NonNullable<ForeignPeer['connect']>,
  parallel = 1,
): Promise<void> {
  let count = 0;
  await connect(`${url}/getCaseCount`, (data) => {
    count = Number(data.toString());
  });
  let next = 1;
  const name = encodeURIComponent(agent);
  const work = async (): Promise<void> => {
    while (next <= count) {
      const number = next;
      next += 1;
      await unlessIdle((touch) =>
        connect(`${url}/runCase?case=${number}&agent=${name}`, (data, reply) => {
          touch();
          echo(data, reply);
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  await connect(`${url}/updateReports?agent=${name}`, () => {});
}

/** Seconds without a message after which a client has forgotten that its connection is over. */
const IDLE_SECONDS = 30;

/** Waits for a connection, but not for ever: some clients never say that it has closed. */
function unlessIdle(run: (touch: () => void) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, IDLE_SECONDS * 1000);
    run(() => timer.refresh())
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
