import { ProtocolError, VIOLATIONS, type Violation, type ViolationCode } from 'barewire/base';
import t from 'tap';

const rows = Object.entries<Violation>(VIOLATIONS) as [ViolationCode, Violation][];

t.test('every code is kebab-case and becomes a protocol error', (t) => {
  for (const [code, row] of rows) {
    t.match(code, /^[a-z0-9]+(-[a-z0-9]+)+$/);
    const error = new ProtocolError(code);
    t.same([error.code, error.closeCode, error.status], [code, row.closeCode, row.status]);
  }
  t.end();
});

t.test('every row names its section, or says that it is a limit of ours', (t) => {
  for (const [code, row] of rows) {
    t.match(row.source, /^(RFC \d{4} §\d+(\.\d+)*|HTML §\d+(\.\d+)*|limit)$/, code);
  }
  t.end();
});

t.test('every close code may be sent and every status is an error', (t) => {
  const sendable = new Set([1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011]);
  for (const [code, row] of rows) {
    if (row.closeCode !== undefined) t.ok(sendable.has(row.closeCode), code);
    if (row.status !== undefined) t.ok(row.status >= 400 && row.status <= 505, code);
    t.notOk(
      row.closeCode !== undefined && row.status !== undefined,
      `${code} is told in one place`,
    );
  }
  t.end();
});

t.test('the table cannot be changed for others in the same process', (t) => {
  for (const table of [VIOLATIONS, ...Object.values<Violation>(VIOLATIONS)]) {
    t.ok(Object.isFrozen(table));
  }
  t.end();
});
