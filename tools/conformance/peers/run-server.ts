/**
 * Runs one of the peers as an echo server, and says where:
 *
 *   node dist/tools/conformance/peers/run-server.js ws
 */
import { PEERS } from './index.ts';

const [name = ''] = process.argv.slice(2);
const peer = await PEERS[name]?.();
if (peer?.serve === undefined) {
  console.error(`usage: run-server <${Object.keys(PEERS).join('|')}>`);
  process.exit(2);
}
const { port } = await peer.serve();
console.log(`ws://127.0.0.1:${port}`);
