/**
 * Times of day in fields such as `Date` and `Retry-After` [RFC 9110 §5.6.7].
 *
 * ```
 * Sun, 06 Nov 1994 08:49:37 GMT       IMF-fixdate: 29 bytes, always; the only one that is written
 * Sunday, 06-Nov-94 08:49:37 GMT      of RFC 850; obsolete, and read
 * Sun Nov  6 08:49:37 1994            of asctime(); obsolete, and read
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

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)';
const MONTH = '([A-Z][a-z]{2})';
const IMF = new RegExp(`^[A-Z][a-z]{2}, (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`);
const RFC_850 = new RegExp(`^[A-Z][a-z]{5,8}, (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`);
const ASCTIME = new RegExp(`^[A-Z][a-z]{2} ${MONTH} ([ \\d]\\d) ${TIME} (\\d{4})$`);

/**
 * Reads a time in any of the three forms. Names of days are not compared with the date.
 *
 * @param nowMs the current time, which tells the century of a year with two digits: one that seems
 *   to be more than 50 years ahead is in the past.
 * @returns ms since 1970-01-01T00:00:00Z; `undefined` for what is no time.
 */
export function parseHttpDate(value: string, nowMs: number): number | undefined {
  const asctime = ASCTIME.exec(value);
  if (asctime !== null) {
    const [, month, day, hour, minute, second, year] = asctime;
    return toEpoch(Number(year), month!, [day, hour, minute, second].map(Number));
  }
  const [, day, month, year, hour, minute, second] = IMF.exec(value) ?? RFC_850.exec(value) ?? [];
  if (month === undefined) return undefined;
  const parts = [day, hour, minute, second].map(Number);
  if (year!.length === 4) return toEpoch(Number(year), month, parts);
  const century = Math.floor(new Date(nowMs).getUTCFullYear() / 100) * 100;
  const epochMs = toEpoch(century + Number(year), month, parts);
  const latest = new Date(nowMs);
  latest.setUTCFullYear(latest.getUTCFullYear() + 50);
  if (epochMs === undefined || epochMs <= latest.getTime()) return epochMs;
  return toEpoch(century - 100 + Number(year), month, parts);
}

/** A leap second is the second behind it [RFC 5322 §3.3]. */
function toEpoch(year: number, name: string, parts: readonly number[]): number | undefined {
  const [day = 0, hour = 0, minute = 0, second = 0] = parts;
  const month = MONTHS.indexOf(name) / 3;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  // The 31st of a month without one is another day, and no month is a third of one.
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return undefined;
  return date.setUTCHours(hour, minute, second);
}
