/**
 * Many case ids in few words: neighbours as a range.
 */
import { compareIds } from '../cases/index.ts';

/** Ids in order; neighbours as a range: 6.4.1 – 6.4.4. */
export function formatIds(ids: readonly string[]): string {
  const ranges: [first: string, last: string][] = [];
  for (const id of [...ids].sort(compareIds)) {
    const range = ranges.at(-1);
    if (range !== undefined && follows(range[1], id)) range[1] = id;
    else ranges.push([id, id]);
  }
  return ranges.map(([first, last]) => (first === last ? first : `${first} – ${last}`)).join(', ');
}

function follows(before: string, id: string): boolean {
  const [chapter, number] = splitId(before);
  const [otherChapter, otherNumber] = splitId(id);
  return chapter === otherChapter && otherNumber === number + 1;
}

function splitId(id: string): readonly [chapter: string, number: number] {
  const dot = id.lastIndexOf('.');
  return [id.slice(0, dot), Number(id.slice(dot + 1))];
}

/** Reads what {@link formatIds} has written. */
export function parseIds(text: string): string[] {
  return text.split(', ').flatMap((range) => {
    const [first = '', last = first] = range.split(' – ');
    const [chapter, from] = splitId(first);
    const count = splitId(last)[1] - from + 1;
    return Array.from({ length: count }, (_, index) => `${chapter}.${from + index}`);
  });
}
