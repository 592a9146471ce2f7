/**
 * Runs one of the foreign clients against a fuzzing server:
 *
 *   node dist/tools/conformance/peers/run-client.js ws ws://127.0.0.1:9001 [at a time [agent]]
 *
 * Without a URL it takes the one that `barewire conform client --run` puts into the environment.
 */

import { PEERS } from './index.ts';
import { driveClient } from './peer.ts';

const [name = '', given, parallel = '1', agent] = process.argv.slice(2);
const url = given || process.env['FUZZING_SERVER_URL'];
const peer = await PEERS[name]?.();
if (peer?.connect === undefined || url === undefined) {
  console.error(`usage: run-client <${Object.keys(PEERS).join('|')}> <ws://…> [parallel]`);
  process.exit(2);
}
await driveClient(url, agent ?? peer.agent, peer.connect, Number(parallel));
