import { HandshakeRejected, ProtocolError, UsageError } from 'barewire/base';
import t from 'tap';
import { answerToFailure, formatErrorResponse } from '../../lib/server/error-response.ts';
import { readResponse } from '../support/serving.ts';

t.test('answers what a client did with its status, its code and its section', (t) => {
  t.same(answerToFailure(new ProtocolError('body-too-large', 'of a secret kind')), {
    status: 413,
    text: '413 Content Too Large: body-too-large [RFC 9110 §15.5.14]',
    fields: {},
  });
  t.same(answerToFailure(new HandshakeRejected(403, 'no', { 'x-why': 'because' })), {
    status: 403,
    text: 'no',
    fields: { 'x-why': 'because' },
  });
  t.end();
});

t.test('has no answer to what is no fault of a client', (t) => {
  t.equal(answerToFailure(new ProtocolError('bad-status-line')), undefined);
  t.equal(answerToFailure(new UsageError('invalid-header', 'ours')), undefined);
  t.equal(answerToFailure(new Error('ours')), undefined);
  t.equal(answerToFailure(undefined), undefined);
  t.end();
});

t.test('writes a last response', (t) => {
  const wire = formatErrorResponse(new ProtocolError('bare-lf'), () => 'now');
  const { status, fields, body, rest } = readResponse(wire);
  t.equal(status, 400);
  t.match(fields, { connection: 'close', date: 'now', 'content-type': /^text\/plain/ });
  t.ok(body.startsWith('400 Bad Request: bare-lf ['));
  t.equal(rest, '');
  t.match(wire, /^[\x20-\x7e\r\n]*$/, 'in ASCII');
  t.end();
});

t.test('tells a client which content coding it may use, and only then [RFC 9110 §12.5.3]', (t) => {
  t.match(answerToFailure(new ProtocolError('unsupported-content-coding', 'gzip')), {
    status: 415,
    fields: { 'accept-encoding': 'identity' },
  });
  t.strictSame(answerToFailure(new ProtocolError('unsupported-media-type'))?.fields, {});
  t.end();
});

t.test('a last response to what has no status of its own is 400', (t) => {
  const wire = formatErrorResponse(new ProtocolError('bad-status-line'), () => 'now');
  t.match(readResponse(wire), { status: 400, body: 'bad-status-line\n', rest: '' });
  t.end();
});
