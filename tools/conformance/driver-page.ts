/**
 * A page that makes any browser a client under test: it is served to whoever opens the fuzzing
 * server's address, and runs all cases by the URL protocol.
 */

const PAGE = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>WebSocket conformance: this browser</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }
input, button { font: inherit; padding: .3rem .7rem; } progress { width: 100%; }
</style></head><body>
<h1>Test this browser</h1>
<p><label>Name in reports <input id="agent"></label> <button id="start">Start</button></p>
<p><progress id="bar" value="0"></progress></p><p id="status"></p>
<script>
const $ = (id) => document.getElementById(id);
const base = location.origin.replace(/^http/, 'ws');
$('agent').value = new URLSearchParams(location.search).get('agent') || navigator.userAgent;
const ask = (path, handle) => new Promise((resolve) => {
  const socket = new WebSocket(base + path);
  socket.binaryType = 'arraybuffer';
  let last;
  socket.onmessage = ({ data }) => { last = data; if (handle) handle(socket, data); };
  socket.onclose = () => resolve(last);
});
const agent = () => encodeURIComponent($('agent').value);
async function run() {
  $('start').disabled = true;
  const count = Number(await ask('/getCaseCount'));
  $('bar').max = count;
  for (let number = 1; number <= count; number += 1) {
    const path = '/runCase?case=' + number + '&agent=' + agent();
    await ask(path, (socket, data) => socket.send(data));
    $('bar').value = number;
    $('status').textContent = number + ' of ' + count;
  }
  await ask('/updateReports?agent=' + agent());
  $('status').textContent = 'Done: ' + count + ' cases. The reports are written.';
}
$('start').onclick = run;
if (new URLSearchParams(location.search).has('start')) run();
</script></body></html>
`;

/** The whole HTTP response. */
export const DRIVER_PAGE: string =
  'HTTP/1.1 200 OK\r\nServer: barewire-conformance\r\nContent-Type: text/html; charset=utf-8\r\n' +
  `Content-Length: ${Buffer.byteLength(PAGE)}\r\nConnection: close\r\n\r\n${PAGE}`;
