/** Runs before the first paint, as a plain script: the reader's choice of light or dark. */
(() => {
  const root = document.documentElement;
  const isDark = () => matchMedia('(prefers-color-scheme: dark)').matches;
  try {
    const chosen = localStorage.getItem('theme');
    if (chosen === 'light' || chosen === 'dark') root.dataset['theme'] = chosen;
  } catch {
    // Storage may be forbidden; then the system's choice stands.
  }
  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element) || event.target.closest('#theme') === null) return;
    const now = root.dataset['theme'] ?? (isDark() ? 'dark' : 'light');
    const next = now === 'dark' ? 'light' : 'dark';
    root.dataset['theme'] = next;
    try {
      localStorage.setItem('theme', next);
    } catch {
      // As above.
    }
  });
})();
