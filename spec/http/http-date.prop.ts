/** Laws of times in fields: all three forms, against a calendar that is counted day by day. */
import assert from 'node:assert/strict';
import { createDateSource, formatHttpDate, parseHttpDate } from 'barewire/http';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const DAY_S = 86_400;

/** A time as one writes it down; `month` from 0. */
interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const daysOfYear = (year: number): number => (isLeap(year) ? 366 : 365);
const daysOf = (year: number): readonly number[] => [
  ...[31, isLeap(year) ? 29 : 28, 31, 30, 31, 30],
  ...[31, 31, 30, 31, 30, 31],
];

/** The first day of each year from 0 to 9999, counted from 1970-01-01. */
const FIRST_DAYS: readonly number[] = (() => {
  const days = [0];
  for (let year = 0; year < 9999; year += 1) days.push(days[year]! + daysOfYear(year));
  return days.map((day) => day - days[1970]!);
})();

/** Seconds since 1970; `undefined` when there is no such time. A leap second is the next one. */
function secondsOf({ year, month, day, hour, minute, second }: Parts): number | undefined {
  const days = daysOf(year);
  if (day < 1 || day > (days[month] ?? 0)) return undefined;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const before = days.slice(0, month).reduce((sum, length) => sum + length, 0);
  const date = FIRST_DAYS[year]! + before + day - 1;
  return date * DAY_S + hour * 3600 + minute * 60 + second;
}

/** Goes through the calendar until the day is there. */
function partsOf(seconds: number): Parts {
  const date = Math.floor(seconds / DAY_S);
  let year = FIRST_DAYS.findLastIndex((first) => first <= date);
  let day = date - FIRST_DAYS[year]!;
  let month = 0;
  for (const length of daysOf(year)) {
    if (day < length) break;
    day -= length;
    month += 1;
  }
  if (month === 12) [year, month] = [year + 1, 0];
  const rest = seconds - date * DAY_S;
  const [hour, minute] = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60];
  return { year, month, day: day + 1, hour, minute, second: rest % 60 };
}

/** 1970-01-01 was a Thursday. */
const dayName = (seconds: number): string => {
  const day = (4 + Math.floor(seconds / DAY_S)) % 7;
  return DAYS[day < 0 ? day + 7 : day]!;
};

const digits = (value: number, count = 2): string => String(value).padStart(count, '0');
const timeOf = ({ hour, minute, second }: Parts): string =>
  [hour, minute, second].map((value) => digits(value)).join(':');

/** The forms of [RFC 9110 §5.6.7], written by hand. */
const FORMS = {
  imf: (p: Parts, day: string, month: string) =>
    `${day.slice(0, 3)}, ${digits(p.day)} ${month} ${digits(p.year, 4)} ${timeOf(p)} GMT`,
  rfc850: (p: Parts, day: string, month: string) =>
    `${day}, ${digits(p.day)}-${month}-${digits(p.year % 100)} ${timeOf(p)} GMT`,
  asctime: (p: Parts, day: string, month: string) =>
    `${day.slice(0, 3)} ${month} ${String(p.day).padStart(2, ' ')} ${timeOf(p)} ${digits(p.year, 4)}`,
};
type Form = keyof typeof FORMS;
const FORM_NAMES = Object.keys(FORMS) as Form[];

/** The first and the last second of a year of four digits. */
const FIRST = FIRST_DAYS[0]! * DAY_S;
const LAST = (FIRST_DAYS[9999]! + 365) * DAY_S - 1;
const within = (seconds: number): number => Math.min(Math.max(seconds, FIRST), LAST);

const anySecond = fc.oneof(
  fc.integer({ min: FIRST, max: LAST }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 32 }),
  // The turns of days, months, years and centuries.
  fc
    .tuple(fc.nat(9999), fc.constantFrom(0, 59, 60, 365), fc.integer({ min: -1, max: 1 }))
    .map(([year, day, second]) => within((FIRST_DAYS[year]! + day) * DAY_S + second)),
);
const form = fc.constantFrom(...FORM_NAMES);
const now = fc
  .integer({ min: FIRST_DAYS[1970]!, max: FIRST_DAYS[2400]! })
  .map((day) => day * DAY_S);

t.test('law: a time is written as the calendar says, to the second', (t) => {
  fc.assert(
    fc.property(anySecond, fc.nat(999), (seconds, ms) => {
      const wanted = FORMS.imf(partsOf(seconds), dayName(seconds), MONTHS[partsOf(seconds).month]!);
      const text = formatHttpDate(seconds * 1000 + ms);
      assert.equal(text, wanted);
      assert.equal(parseHttpDate(text, 0), seconds * 1000);
    }),
    runs(1000),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('law: a source says the current second, however the clock goes', (t) => {
  const steps = fc.array(fc.oneof(fc.integer({ min: -1500, max: 1500 }), fc.nat(100_000_000)), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(anySecond, steps, (from, by) => {
      let ms = from * 1000;
      const date = createDateSource(() => ms);
      for (const step of [0, ...by]) {
        ms = Math.min(Math.max(ms + step, FIRST * 1000), LAST * 1000 + 999);
        const seconds = Math.floor(ms / 1000);
        const { month } = partsOf(seconds);
        assert.equal(date(), FORMS.imf(partsOf(seconds), dayName(seconds), MONTHS[month]!));
      }
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

/** Whether a time is more than 50 years later; a 29th of February may be a 1st of March then. */
function isTooFarAhead(parts: Parts, from: Parts): boolean {
  const isLeapDay = from.month === 1 && from.day === 29 && !isLeap(from.year + 50);
  const limit = { ...from, ...(isLeapDay ? { month: 2, day: 1 } : {}), year: from.year + 50 };
  for (const name of ['year', 'month', 'day', 'hour', 'minute', 'second'] as const) {
    if (parts[name] !== limit[name]) return parts[name] > limit[name];
  }
  return false;
}

/** The year that two digits mean [RFC 9110 §5.6.7]. */
function inFullYear(parts: Parts, from: Parts): Parts {
  const year = from.year - (from.year % 100) + (parts.year % 100);
  const read = { ...parts, year };
  return isTooFarAhead(read, from) ? { ...parts, year: year - 100 } : read;
}

/** Parts that are a time, or miss it by a little. */
const parts: fc.Arbitrary<Parts> = fc.record({
  year: fc.oneof(fc.integer({ min: 1900, max: 2100 }), fc.nat(9999)),
  month: fc.nat(11),
  day: fc.oneof(fc.nat(32), fc.integer({ min: 28, max: 31 })),
  hour: fc.oneof({ weight: 3, arbitrary: fc.nat(23) }, fc.constantFrom(23, 24, 99)),
  minute: fc.oneof({ weight: 3, arbitrary: fc.nat(59) }, fc.constantFrom(59, 60)),
  second: fc.oneof({ weight: 3, arbitrary: fc.nat(59) }, fc.constantFrom(59, 60, 61)),
});
/** The name of a day is not compared with the date. */
const anyDay = fc.constantFrom(...DAYS);

t.test('law: any form is read exactly when there is such a time', (t) => {
  const seen: Record<string, number> = {};
  fc.assert(
    fc.property(form, parts, anyDay, now, fc.nat(99), (which, given, day, today, years) => {
      // Every other one lies about 50 years ahead, where two digits change their meaning.
      const near = { ...partsOf(today), second: years % 2, hour: 0, minute: 0 };
      const asked = years < 50 ? given : { ...near, year: near.year + 49 + (years % 3) };
      const text = FORMS[which](asked, day, MONTHS[asked.month]!);
      const meant = which === 'rfc850' ? inFullYear(asked, partsOf(today)) : asked;
      const seconds = secondsOf(meant);
      assert.equal(parseHttpDate(text, today * 1000), seconds && seconds * 1000, text);
      const kind = `${which} ${seconds === undefined ? 'refused' : 'read'}`;
      seen[kind] = (seen[kind] ?? 0) + 1;
    }),
    runs(3000),
  );
  t.equal(Object.keys(seen).length, 6);
  t.ok(Math.min(...Object.values(seen)) > 100, JSON.stringify(seen));
  t.end();
});

/** A text with one character more, less or other. */
const edit = fc.record({
  at: fc.nat(34),
  removed: fc.nat(1),
  put: fc.constantFrom('', ' ', ',', ':', '-', '0', '6', '9', 'a', 'J', '\t', '\n', 'é', '٣'),
});
const anyForm = fc.tuple(form, anySecond).map(([which, seconds]) => {
  const parts = partsOf(seconds);
  return FORMS[which](parts, dayName(seconds), MONTHS[parts.month]!);
});

/** Everything that means this second: a leap second is also the one before it. */
function writingsOf(seconds: number): string[] {
  return FORM_NAMES.flatMap((which) => {
    const all = [partsOf(seconds)];
    const before = partsOf(seconds - 1);
    if (before.second === 59) all.push({ ...before, second: 60 });
    return all.map((each) => FORMS[which](each, '', MONTHS[each.month]!));
  });
}

t.test('law: what is almost a time is one only if a writer of some form writes it so', (t) => {
  const seen = { read: 0, refused: 0 };
  fc.assert(
    fc.property(anyForm, edit, (text, { at, removed, put }) => {
      const changed = text.slice(0, at) + put + text.slice(at + removed);
      const found = parseHttpDate(changed, Date.UTC(2030, 0));
      seen[found === undefined ? 'refused' : 'read'] += 1;
      if (found === undefined) return;
      // Any word may stand for the day; a day of one digit has a zero or a space before it.
      const [, form, rest] = /^[A-Z][a-z]{2,8}(,?) (.*)$/.exec(changed) ?? [];
      const wanted = writingsOf(found / 1000).map((each) => each.replace(/^,? /, ''));
      const spaced = rest?.replace(/^([A-Z][a-z]{2}) 0/, '$1  ');
      assert.ok(wanted.includes(form === '' ? spaced! : rest!), `${changed} is ${found}`);
    }),
    runs(3000),
  );
  t.ok(Math.min(seen.read, seen.refused) > 100, JSON.stringify(seen));
  t.end();
});
