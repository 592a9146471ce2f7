import { PassThrough } from 'node:stream';
import t from 'tap';
import { addressGroup, readClientAddress } from '../../lib/peer/client-address.ts';

const read = (remoteAddress: string | undefined): string =>
  readClientAddress(Object.assign(new PassThrough(), { remoteAddress, remotePort: 9 })).address;

t.test('calls an IPv4 client by its IPv4 address', (t) => {
  t.equal(read('192.0.2.7'), '192.0.2.7');
  t.equal(read('::ffff:192.0.2.7'), '192.0.2.7');
  t.equal(read('::FFFF:192.0.2.7'), '192.0.2.7');
  t.equal(read('::1'), '::1');
  t.equal(read('2001:db8::7'), '2001:db8::7');
  t.end();
});

t.test('has no address for what is no network socket', (t) => {
  t.same(readClientAddress(new PassThrough()), { address: '', port: 0 });
  t.equal(read(undefined), '');
  t.end();
});

t.test('counts IPv4 clients one by one and IPv6 clients by their /64', (t) => {
  t.equal(addressGroup('192.0.2.7'), '192.0.2.7');
  t.not(addressGroup('192.0.2.7'), addressGroup('192.0.2.8'));
  const home = addressGroup('2001:db8:1:2:a:b:c:d');
  t.equal(addressGroup('2001:db8:1:2::'), home);
  t.equal(addressGroup('2001:db8:1:2::d'), home);
  t.equal(addressGroup('2001:db8:1:2:ffff::1%eth0'), home);
  t.not(addressGroup('2001:db8:1:3::'), home);
  t.equal(addressGroup('2001:db8::1:2:3'), '2001:db8:0:0::/64');
  t.equal(addressGroup('::1'), '0:0:0:0::/64');
  t.equal(addressGroup(''), '');
  t.end();
});
