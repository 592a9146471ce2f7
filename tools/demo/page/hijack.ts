/** An answer that the application writes on the socket itself, seen from both ends. */
import { pulse } from './bus.ts';
import { duration, find, showState, showVerdict } from './dom.ts';
import { pageId } from './identity.ts';
import { renderRaw } from './raw-text.ts';

const output = find('hijack-bytes');
const button = find<HTMLButtonElement>('write');
let bytes = '';

/** Makes the button work. */
export function startHijack(): void {
  button.addEventListener('click', () => void ask());
}

/** Takes bytes that the server has just written on the hijacked socket. */
export function takeHijackBytes(text: string, isFirst: boolean): void {
  pulse('hijack');
  bytes = isFirst ? text : bytes + text;
  output.replaceChildren(...renderRaw(bytes));
}

async function ask(): Promise<void> {
  button.disabled = true;
  output.dataset['busy'] = '';
  showState('hijack-state', 'waiting', 'being written');
  showVerdict('hijack-verdict', '');
  const begun = performance.now();
  try {
    const response = await fetch(`/hijack?page=${pageId}`, { cache: 'no-store' });
    const body = await response.text();
    showState('hijack-state', 'open', 'socket closed');
    const status = `${response.status}, "${response.statusText}"`;
    const took = duration(performance.now() - begun);
    const verdict = `The browser saw status ${status}, and ${body.length} bytes in ${took}.`;
    showVerdict('hijack-verdict', verdict, 'good');
  } catch {
    showState('hijack-state', 'failed', 'failed');
    showVerdict('hijack-verdict', 'The answer did not arrive.', 'bad');
  }
  delete output.dataset['busy'];
  button.disabled = false;
}
