/**
 * A literal reading of an event stream [HTML §9.2.5, §9.2.6]: decode everything, split into lines,
 * process the fields one after the other, in the words of the standard.
 */

/** Reads a whole stream into lines: what a reader must report, in its order. */
export function readEventsLiterally(bytes: Uint8Array): string[] {
  const reports: string[] = [];
  // The decoder takes one byte order mark off.
  const text = new TextDecoder('utf-8').decode(bytes);
  const lines = text.split(/\r\n|\n|\r/);
  lines.pop(); // What has no line end is no line.
  let data = '';
  let type = '';
  let idBuffer = '';
  let position = '';
  for (const line of lines) {
    if (line === '') {
      position = idBuffer;
      if (data !== '') {
        const message = { type: type === '' ? 'message' : type, data: data.slice(0, -1) };
        reports.push(JSON.stringify({ ...message, lastEventId: position }));
      }
      data = '';
      type = '';
      continue;
    }
    const colon = line.indexOf(':');
    if (colon === 0) continue;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') type = value;
    else if (name === 'data') data += `${value}\n`;
    else if (name === 'id' && !value.includes('\0')) idBuffer = value;
    else if (name === 'retry' && /^[0-9]+$/.test(value)) {
      reports.push(`retry ${Math.min(Number(value), 2 ** 31 - 1)}`);
    }
  }
  return [...reports, `position ${position}`];
}
