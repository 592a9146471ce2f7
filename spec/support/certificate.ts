/**
 * A certificate for `localhost`, `a.example` and 127.0.0.1 that signs itself, and its key. Made for these
 * specs; nobody trusts it and it protects nothing.
 */

/** The certificate, in PEM; also the authority to trust. Valid from 2020 to 2120. */
export const CERTIFICATE: string = [
  '-----BEGIN CERTIFICATE-----',
  'MIIBjDCCATKgAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5iYXJld2ly',
  'ZSBzcGVjczAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG',
  'A1UEAwwOYmFyZXdpcmUgc3BlY3MwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAS1',
  'g8h3mfERPnPXcWCvoUAUCs5qHB3G93jQJkR1M4V+FvTaPunIrsnPlGiHFpM3N1I8',
  'w054ok2s1hPqrzzmK9Hbo2kwZzAlBgNVHREEHjAcgglsb2NhbGhvc3SCCWEuZXhh',
  'bXBsZYcEfwAAATAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIChDAdBgNV',
  'HQ4EFgQUyHjhY7MfJORhiPBugyq4VmYJAcswCgYIKoZIzj0EAwIDSAAwRQIgadgi',
  'sf1sLbM7zU126dt9soHnf6g3/p9DhptPFUjXexICIQDztxCSioL5bv3jGo9RjJaM',
  'rOpqm3DWdPFAWD213FAYvg==',
  '-----END CERTIFICATE-----',
].join('\n');

/** Its private key, in PEM. */
export const PRIVATE_KEY: string = [
  '-----BEGIN PRIVATE KEY-----',
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAvAyi6YEAlIyFPlc',
  '3TZRiQdEFvUQ6sPZ0cANyaT+IZ2hRANCAAS1g8h3mfERPnPXcWCvoUAUCs5qHB3G',
  '93jQJkR1M4V+FvTaPunIrsnPlGiHFpM3N1I8w054ok2s1hPqrzzmK9Hb',
  '-----END PRIVATE KEY-----',
].join('\n');
