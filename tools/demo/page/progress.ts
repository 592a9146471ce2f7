/** A response that is read while it is being written. */
import { pulse } from './bus.ts';
import { find, make, showState, showText } from './dom.ts';

const CELLS = 40;
/** Lines of the body that stay visible, as in a terminal. */
const TAIL_LINES = 4;

const bar = find('bar');
const button = find<HTMLButtonElement>('run');
const tail: string[] = [];

/** Draws the bar and makes the buttons work. */
export function startProgress(): void {
  bar.replaceChildren(...Array.from({ length: CELLS }, () => make('i')));
  showText('progress-curl', `curl -N ${location.origin}/progress`);
  button.addEventListener('click', () => void run());
  for (const copy of document.querySelectorAll<HTMLButtonElement>('[data-copy]')) {
    copy.addEventListener('click', () => void copyText(copy));
  }
}

async function run(): Promise<void> {
  button.disabled = true;
  showPercent(0);
  tail.length = 0;
  showState('progress-state', 'waiting', 'running');
  const begun = performance.now();
  try {
    const response = await fetch('/progress', { cache: 'no-store' });
    await readAll(response, begun);
    showState('progress-state', 'open', 'done');
  } catch {
    // A body that is cut off is an error, never a quiet end: the last chunk did not come.
    showState('progress-state', 'failed', 'cut off');
  }
  button.disabled = false;
}

async function readAll(response: Response, begun: number): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  const counts = { reads: 0, bytes: 0 };
  let line = '';
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    pulse('progress');
    counts.reads += 1;
    counts.bytes += new TextEncoder().encode(read.value).length;
    // A read is whatever came together; lines are what the server meant.
    const parts = (line + read.value).split('\n');
    line = parts.pop() ?? '';
    showTail(parts);
    const percent = /(\d+)\s?%/.exec(parts.at(-1) ?? '')?.[1];
    if (percent !== undefined) showPercent(Number(percent));
    showText('progress-reads', counts.reads);
    showText('progress-bytes', counts.bytes);
    showText('progress-time', `${((performance.now() - begun) / 1000).toFixed(1)} s`);
  }
}

function showTail(lines: readonly string[]): void {
  tail.push(...lines);
  tail.splice(0, tail.length - TAIL_LINES);
  showText('progress-tail', tail.join('\n'));
}

function showPercent(percent: number): void {
  find('percent').replaceChildren(String(percent), make('small', {}, '%'));
  bar.setAttribute('aria-valuenow', String(percent));
  bar.toggleAttribute('data-done', percent === 100);
  const on = Math.round((percent / 100) * CELLS);
  [...bar.children].forEach((cell, index) => {
    cell.classList.toggle('on', index < on);
    cell.classList.toggle('edge', index === on - 1 && percent < 100);
  });
}

async function copyText(button: HTMLButtonElement): Promise<void> {
  const text = find(button.dataset['copy'] ?? '').textContent ?? '';
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    // Without the permission, or on plain HTTP: the text is selected, ready to be copied.
    getSelection()?.selectAllChildren(find(button.dataset['copy'] ?? ''));
    button.textContent = 'Selected';
  }
  setTimeout(() => {
    button.textContent = 'Copy';
  }, 1500);
}
