import t from 'tap';
import { runDirectCommand } from '../../../tools/conformance/direct-commands.ts';
import type { FuzzerPeer } from '../../../tools/conformance/fuzzer-peer.ts';

t.test('a frame is masked with the four octets that were asked for', (t) => {
  const sent: object[] = [];
  const peer = { sendFrame: (frame: object) => void sent.push(frame), flush: () => {} };
  for (const mask of ['"\\u0001\\u0002\\u0003\\u00ff"', '"abc"', 'null']) {
    runDirectCommand(`["sendframe", {"payload": "x", "mask": ${mask}}]`, peer as FuzzerPeer);
  }
  t.match(sent[0], { isMaskedWrongly: true, maskingKey: 0x010203ff });
  t.match(sent[1], { isMaskedWrongly: true, maskingKey: undefined }, 'no key: one of ours');
  t.match(sent[2], { isMaskedWrongly: undefined, maskingKey: undefined });
  t.end();
});
