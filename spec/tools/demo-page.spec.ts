/** The real page in a real browser, served by the real server. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import t from 'tap';
import { type RunningDemo, startDemo } from '../support/demo.ts';

const PLACES = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => `/usr/bin/${name}`);
const CHROMIUM = process.env['CHROMIUM'] ?? PLACES.find(existsSync) ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** The browser's own report of a connection that the server cut, which is what was asked for. */
const EXPECTED_COMPLAINT = /net::ERR_(INCOMPLETE_CHUNKED_ENCODING|CONNECTION_RESET|EMPTY_RESPONSE)/;

if (existsSync(CHROMIUM)) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  t.teardown(() => browser.close());
  runSpecs(browser);
} else {
  const skip = `no browser at ${CHROMIUM}: install chromium, or say where it is in CHROMIUM`;
  t.test('the page works in a browser', { skip }, (t) => t.end());
}

/** Opens the page and writes down what the browser complains about. */
async function openPage(browser: Browser, { origin }: RunningDemo, size?: [number, number]) {
  const [width, height] = size ?? [1360, 900];
  const context = await browser.newContext({ viewport: { width, height } });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    const isBad = message.type() === 'error' || message.type() === 'warning';
    if (isBad && !EXPECTED_COMPLAINT.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(origin);
  await stateIs(page, 'chat-state', 'open');
  await stateIs(page, 'events-state', 'open');
  return { page, complaints, close: () => context.close() };
}

async function stateIs(page: Page, id: string, state: string): Promise<void> {
  await page.locator(`#${id}[data-state="${state}"]`).waitFor();
}

/** Waits until an element says something. */
async function says(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor();
}

async function say(page: Page, text: string): Promise<void> {
  await page.fill('#say', text);
  await page.press('#say', 'Enter');
}

function runSpecs(browser: Browser): void {
  t.test('two tabs talk to each other, and markup stays text', async (t) => {
    const demo = await startDemo(t);
    const [left, right] = [await openPage(browser, demo), await openPage(browser, demo)];
    await left.page.fill('#name', 'Ann');
    await left.page.press('#name', 'Tab');
    await says(right.page, '#lines .note', /is now Ann/);
    await says(right.page, '#people li', 'Ann');
    t.equal(await right.page.locator('#people li').count(), 2);
    const attack = '<script>document.title="owned"</script><img src=x onerror="alert(1)">';
    await say(left.page, attack);
    await says(right.page, '#lines .what', attack);
    await says(right.page, '#lines .who', 'Ann');
    t.equal(await right.page.locator('#lines script, #lines img').count(), 0);
    t.not(await right.page.title(), 'owned');
    await say(right.page, 'and back');
    await says(left.page, '#lines .what', 'and back');
    await says(left.page, '#rtt', 'ms');
    t.same([...left.complaints, ...right.complaints], []);
    await left.close();
    await says(right.page, '#lines .note', 'Ann left');
    await right.close();
  });

  t.test('a chat connection that is dropped comes back by itself', async (t) => {
    const demo = await startDemo(t);
    const { page, close } = await openPage(browser, demo);
    await say(page, 'before');
    await says(page, '#lines .what', 'before');
    // It waits for a second only, and a busy machine may look too late: the page keeps what it said.
    await page.evaluate(`{
      const state = document.getElementById('chat-state');
      const everything = { attributes: true, childList: true, characterData: true, subtree: true };
      const states = [];
      window.statesUntilBack = new Promise((resolve) => {
        new MutationObserver(() => {
          states.push(state.dataset.state + ': ' + state.textContent);
          if (state.dataset.state === 'open') resolve(states);
        }).observe(state, everything);
      });
      null; // Or the promise would be waited for here.
    }`);
    await page.click('#drop');
    const states = (await page.evaluate('window.statesUntilBack')) as string[];
    t.ok(states.some((state) => /^waiting: .*back in \d\.\d s, attempt 1/s.test(state)));
    await say(page, 'after');
    await says(page, '#lines .what', 'after');
    t.equal(await page.locator('#lines .what', { hasText: 'before' }).count(), 1, 'told once');
    await close();
  });

  t.test('a page that outlives the server goes on with the next one', async (t) => {
    const first = await startDemo(t);
    const { page, close } = await openPage(browser, first);
    first.world.ticker.tick();
    await says(page, '#events-id', 'e-1');
    for (const text of ['one', 'two', 'three']) {
      await say(page, text);
      await says(page, '#lines .what', text);
    }
    await first.close();
    await stateIs(page, 'chat-state', 'waiting');
    const second = await startDemo(t, { run: 'e2' }, first.port);
    await stateIs(page, 'chat-state', 'open');
    await says(page, '#records .peek', /hand|GET .chat/);
    await say(page, 'four');
    await says(page, '#lines .what', 'four');
    await says(page, '#records .in .peek', /four/);
    await stateIs(page, 'events-state', 'open');
    await says(page, '#events-verdict', /cannot continue from/);
    second.world.ticker.tick();
    await says(page, '#events-id', 'e2-1');
    t.equal(await page.textContent('#events-missed'), '0', 'it was told, and counts nothing');
    await close();
  });

  t.test('events that were cut are caught up: none missed, none doubled', async (t) => {
    const demo = await startDemo(t, { retryMs: 300 });
    const { page, complaints, close } = await openPage(browser, demo);
    demo.world.ticker.tick();
    await says(page, '#events-id', 'e-1');
    await page.click('#cut');
    // In the turn after the cut: the browser cannot be back before it is over.
    while (demo.world.streams.size > 0) await new Promise((done) => setImmediate(done));
    for (let n = 0; n < 4; n += 1) demo.world.ticker.tick();
    await stateIs(page, 'events-state', 'open');
    await says(page, '#events-id', 'e-5');
    await says(page, '#events-verdict', /4 events caught up, none missed/);
    demo.world.ticker.tick();
    await says(page, '#events-id', 'e-6');
    for (const [id, count] of [
      ['events-replayed', '4'],
      ['events-missed', '0'],
      ['events-doubled', '0'],
    ] as const) {
      t.equal(await page.textContent(`#${id}`), count, id);
    }
    t.equal(await page.locator('#tape .replayed').count(), 4);
    t.same(complaints, []);
    await close();
  });

  t.test('a page that nobody looks at lets go of its stream, and misses nothing', async (t) => {
    const demo = await startDemo(t);
    const { page, complaints, close } = await openPage(browser, demo);
    demo.world.ticker.tick();
    await says(page, '#events-id', 'e-1');
    await page.clock.install();
    const show = (isHidden: boolean) =>
      page.evaluate(`
        Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      `);
    await show(true);
    t.equal(demo.world.streams.size, 1, 'a short look elsewhere changes nothing');
    await page.clock.fastForward(10_000);
    await stateIs(page, 'events-state', 'off');
    while (demo.world.streams.size > 0) await new Promise((done) => setImmediate(done));
    for (let n = 0; n < 3; n += 1) demo.world.ticker.tick();
    await show(false);
    await says(page, '#events-verdict', /3 events caught up, none missed/);
    t.equal(await page.textContent('#events-missed'), '0');
    t.same(complaints, []);
    await close();
  });

  t.test('the progress bar reaches 100 % in many reads', async (t) => {
    const demo = await startDemo(t, { stepMs: 5 });
    const { page, complaints, close } = await openPage(browser, demo);
    await says(page, '#progress-curl', `curl -N ${demo.origin}/progress`);
    await page.click('#run');
    await stateIs(page, 'progress-state', 'open');
    t.equal(await page.getAttribute('#bar', 'aria-valuenow'), '100');
    t.equal(await page.locator('#bar .on').count(), 40);
    t.ok(Number(await page.textContent('#progress-reads')) > 3);
    t.same(complaints, []);
    await close();
  });

  t.test('long polling shows each answer and how long it was held [6202-2.1-3]', async (t) => {
    const demo = await startDemo(t);
    const { page, complaints, close } = await openPage(browser, demo);
    await page.click('#poll-toggle');
    for (let n = 1; n <= 3; n += 1) {
      while (demo.world.desk.size === 0) await page.evaluate(() => undefined);
      demo.world.ticker.tick();
      await says(page, '#answers .what', `event ${n}`);
    }
    await says(page, '#poll-verdict', 'Up to event 3, none missed.');
    t.match(await page.locator('#answers .held').first().textContent(), /ms|s/);
    await page.click('#poll-toggle');
    await stateIs(page, 'poll-state', 'off');
    while (demo.world.desk.size > 0) await page.evaluate(() => undefined);
    t.same(complaints, []);
    await close();
  });

  t.test(
    'a hijacked socket shows its bytes, and the browser takes them for an answer',
    async (t) => {
      const demo = await startDemo(t);
      const { page, complaints, close } = await openPage(browser, demo);
      await page.click('#write');
      await stateIs(page, 'hijack-state', 'open');
      await says(page, '#hijack-verdict', /status 299, "Written By Hand"/);
      await says(page, '#hijack-bytes', /HTTP\/1\.1 299 Written By Hand\\r\\n/);
      await says(page, '#hijack-bytes', /ends both: now\.\\n/);
      t.same(complaints, []);
      await close();
    },
  );

  t.test('the wire view takes the handshake and the frames of the page apart', async (t) => {
    const demo = await startDemo(t);
    const { page, complaints, close } = await openPage(browser, demo);
    await says(page, '#records .op', 'request');
    await says(page, '#records .op', 'response');
    await say(page, 'Hello wire');
    await says(page, '#records .in .peek', /Hello wire/);
    await says(page, '#dissection .whole', /Hello wire/);
    await says(page, '#dissection .gist', /masked, as everything from a client must be/);
    t.equal(await page.locator('#dissection .bits .key').count(), 4, 'the masking key');
    const header = await page.getAttribute('#dissection .bits', 'aria-label');
    t.match(header, /^header 81[89a-f][0-9a-f]{9}$/, 'FIN, text, MASK, a length and four bytes');
    const column = page.locator('#dissection .xor .bytes > *').first();
    const [wire, key, plain] = await column.locator('.w, .k, .p').allTextContents();
    const [wireByte, keyByte] = [wire, key].map((hex) => Number.parseInt(hex ?? '', 16));
    t.equal((wireByte ?? 0) ^ (keyByte ?? 0), Number.parseInt(plain ?? '', 16));
    t.equal(plain, '7b', 'the brace that begins the JSON');
    await page.locator('#records button', { hasText: 'response' }).click();
    await says(page, '#dissection .gist', /SHA-1/);
    await says(page, '#dissection .raw', /HTTP\/1\.1 101 Switching Protocols\\r\\n/);
    t.equal(await page.locator('#dissection .mark').count(), 1, 'the accept value stands out');
    t.equal(await page.isChecked('#follow'), false, 'looking at one entry ends following');
    t.same(complaints, []);
    await close();
  });

  t.test('fits a phone and a desktop, in light and in dark', async (t) => {
    const demo = await startDemo(t);
    for (const size of [
      [360, 740],
      [820, 1180],
      [1360, 900],
    ] as [number, number][]) {
      const { page, complaints, close } = await openPage(browser, demo, size);
      await say(page, 'x'.repeat(300));
      await says(page, '#lines .what', 'xxx');
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      t.equal(overflow, 0, `nothing sticks out at ${size[0]} px`);
      const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
      const before = await background();
      await page.click('#theme');
      t.not(await background(), before, 'the toggle changes the colours');
      await page.reload();
      t.not(await background(), before, 'and the page remembers');
      t.same(complaints, []);
      await close();
    }
  });
}
