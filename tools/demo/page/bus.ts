/** The wire at the top: a terminal lights up, and a spark runs to it, when something passes. */
import { find } from './dom.ts';

const DARK_AFTER_MS = 700;
/** Sparks at the same time: enough to look alive, too few to cost anything. */
const MAX_SPARKS = 6;

const bus = find('bus');
const calm = matchMedia('(prefers-reduced-motion: reduce)');
const timers = new Map<string, ReturnType<typeof setTimeout>>();
let sparks = 0;

/** Lights the terminal of a section for a moment. */
export function pulse(lamp: 'chat' | 'wire' | 'events' | 'poll' | 'progress' | 'hijack'): void {
  const terminal = bus.querySelector<HTMLElement>(`[data-lamp="${lamp}"]`);
  if (terminal === null || document.hidden) return;
  terminal.dataset['lit'] = '';
  clearTimeout(timers.get(lamp));
  timers.set(
    lamp,
    setTimeout(() => delete terminal.dataset['lit'], DARK_AFTER_MS),
  );
  if (sparks < MAX_SPARKS && !calm.matches) send(terminal);
}

function send(terminal: HTMLElement): void {
  const spark = document.createElement('span');
  spark.className = 'spark';
  bus.append(spark);
  sparks += 1;
  const dot = terminal.firstElementChild ?? terminal;
  const distance = dot.getBoundingClientRect().left - bus.getBoundingClientRect().left;
  const run = spark.animate(
    [
      { transform: 'translateX(-44px)', opacity: 0 },
      { opacity: 1, offset: 0.25 },
      { transform: `translateX(${distance - 30}px)`, opacity: 1 },
    ],
    { duration: 180 + distance * 0.35, easing: 'cubic-bezier(0.3, 0, 0.6, 1)' },
  );
  run.onfinish = run.oncancel = () => {
    sparks -= 1;
    spark.remove();
  };
}
