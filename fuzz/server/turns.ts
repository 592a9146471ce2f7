/** Lets the event loop turn. */
export async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await new Promise((next) => setImmediate(next));
}
