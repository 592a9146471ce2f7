/** A client opens the connection exactly when no rule speaks against the answer, and says which. */
import assert from 'node:assert/strict';
import type { DeflateParameters } from 'barewire/deflate';
import { computeAccept, readUpgradeResponse } from 'barewire/handshake';
import t from 'tap';
import { type Answer, anyExchange, type Question } from '../support/answer-arbitraries.ts';
import { judgeExtension } from '../support/extension-verdict.ts';
import { fc } from '../support/fast-check.ts';
import { fieldsOf } from '../support/field-lookup.ts';
import { runs } from '../support/laws.ts';

/** What a client makes of an answer: what is in use, or the code of the first rule it breaks. */
type Verdict =
  | string
  | { readonly protocol: string | undefined; readonly extension: DeflateParameters | undefined };

const bare = (value: string): string => value.replace(/^[ \t]+|[ \t]+$/g, '');

/** One rule after the other [RFC 6455 §4.1] [RFC 8441 §5]. */
function judge({ key, protocols, offer }: Question, { version, status, lines }: Answer): Verdict {
  const valuesOf = (name: string): string[] =>
    lines.filter((line) => line[0].toLowerCase() === name).map((line) => line[1]);
  if (key === undefined) {
    if (String(status).length !== 3 || String(status)[0] !== '2') return 'bad-status';
  } else {
    const options = valuesOf('connection').join(',').split(',').map(bare);
    const accepts = valuesOf('sec-websocket-accept').map(bare);
    if (version !== '1.1') return 'bad-version';
    if (status !== 101) return 'bad-status';
    if (!/^websocket$/i.test(bare(valuesOf('upgrade').join(',')))) return 'bad-upgrade';
    if (!options.some((option) => /^upgrade$/i.test(option))) return 'bad-connection';
    if (accepts.length !== 1 || accepts[0] !== computeAccept(key)) return 'bad-accept';
  }
  const listed = valuesOf('sec-websocket-extensions');
  const extension = listed.length === 0 ? undefined : judgeExtension(listed.join(','), offer);
  if (extension === 'bad') return 'bad-extension';
  const chosen = valuesOf('sec-websocket-protocol').map(bare);
  const isWished = chosen.length === 1 && protocols.some((protocol) => protocol === chosen[0]);
  if (chosen.length > 0 && !isWished) return 'bad-subprotocol';
  return { protocol: chosen[0], extension };
}

t.test('law: opens what no rule speaks against, and names the first one that does', (t) => {
  const seen: Record<string, number> = {};
  fc.assert(
    fc.property(anyExchange, ({ question, answer }) => {
      const { lines, ...start } = answer;
      const { key, ...wishes } = question;
      const result = readUpgradeResponse({ ...start, fields: fieldsOf(lines) }, wishes, key);
      const verdict = judge(question, answer);
      const { ok, ...opened } = result.ok ? result : { ok: false, code: result.error.code };
      assert.deepEqual(opened, typeof verdict === 'string' ? { code: verdict } : verdict);
      assert.equal(ok, typeof verdict !== 'string');
      const kind = typeof verdict === 'string' ? verdict : 'opened';
      const name = `${kind}, ${key === undefined ? 'CONNECT' : 'GET'}`;
      seen[name] = (seen[name] ?? 0) + 1;
      if (typeof verdict !== 'string' && verdict.extension !== undefined) {
        seen['with an extension'] = (seen['with an extension'] ?? 0) + 1;
      }
    }),
    runs(3000),
  );
  // Each rule of either handshake, both ends, and an extension in use.
  t.equal(Object.keys(seen).length, 8 + 4 + 1, JSON.stringify(seen));
  t.ok(Math.min(...Object.values(seen)) > 10, JSON.stringify(seen));
  t.end();
});
