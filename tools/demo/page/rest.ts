/**
 * Rest for pages that nobody looks at: a browser opens six HTTP connections to a server for all of
 * its tabs together, and each held request takes one away.
 */

const PATIENCE_MS = 10_000;

/** Calls `rest` when the page has been hidden for a while, and `wake` when it is seen again. */
export function restWhileHidden(rest: () => void, wake: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isResting = false;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    if (document.hidden) {
      timer = setTimeout(() => {
        isResting = true;
        rest();
      }, PATIENCE_MS);
    } else if (isResting) {
      isResting = false;
      wake();
    }
  });
}
