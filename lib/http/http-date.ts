/**
 * The `Date` field: IMF-fixdate [RFC 9110 §5.6.7].
 *
 * ```
 * Sun, 06 Nov 1994 08:49:37 GMT      29 bytes, always
 * ```
 * Its resolution is one second, so it is formatted once a second and not once a response. The time
 * comes in as an argument.
 */

/** Writes a time as IMF-fixdate. `epochMs` counts milliseconds since 1970-01-01T00:00:00Z. */
export function formatHttpDate(epochMs: number): string {
  return new Date(epochMs).toUTCString();
}

/**
 * Returns a function that formats the current second, and remembers it until the second is over.
 */
export function createDateSource(epochMs: () => number): () => string {
  let second = Number.NaN;
  let text = '';
  return () => {
    const now = epochMs();
    const current = Math.floor(now / 1000);
    if (current !== second) {
      second = current;
      text = formatHttpDate(now);
    }
    return text;
  };
}
