/**
 * How reports look: one sheet for all pages, dark and light by the reader's own setting.
 */

const COLOURS = `
:root { color-scheme: light dark;
  --paper: #fbfbfc; --card: #fff; --ink: #1c2127; --soft: #5c6673; --line: #dfe3e8; --code:
  #f2f4f7;
  --ok: #1a7f4b; --ok-bg: #dff5e8; --warn: #8a5a00; --warn-bg: #fdf0cf; --info: #1f5fbf;
  --info-bg: #e0ecfd; --none: #66707c; --none-bg: #eceff2; --bad: #b3261e; --bad-bg: #fde4e1;
  --out: #6a3fb5; --in: #0b7285; --link: #1f5fbf; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #14171b; --card: #1b1f25; --ink: #e3e7ec; --soft: #98a3b0; --line: #2d343d; --code:
  #232930;
  --ok: #6fd49a; --ok-bg: #17352a; --warn: #f0c25c; --warn-bg: #3a2f13; --info: #8ab8ff;
  --info-bg: #1a2c4a; --none: #98a3b0; --none-bg: #2a3038; --bad: #ff8f86; --bad-bg: #45201e;
  --out: #c3a6ff; --in: #6fd3e3; --link: #8ab8ff; } }`;

const BASE = `
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 3rem) 4rem; max-width: 84rem;
  background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.01em; }
h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
p { margin: .3rem 0; max-width: 62rem; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
.soft { color: var(--soft); } .small { font-size: .85rem; }
code, pre, .mono { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas,
  monospace;
  font-size: .86em; }
pre { background: var(--code); border-radius: 8px; padding: .8rem 1rem; overflow-x: auto; margin:
  0; }
.badge { display: inline-block; padding: .1rem .55rem; border-radius: 999px; font-weight: 600;
  font-size: .8rem; white-space: nowrap; }
.ok { color: var(--ok); background: var(--ok-bg); } .warn { color: var(--warn); background:
  var(--warn-bg); }
.info { color: var(--info); background: var(--info-bg); }
.none { color: var(--none); background: var(--none-bg); }
.bad { color: var(--bad); background: var(--bad-bg); }`;

const INDEX = `
.cards { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.4rem 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 1rem 1.2rem; flex: 1 1 18rem; }
.card h2 { margin: 0 0 .2rem; font-size: 1rem; overflow-wrap: anywhere; }
.bar { display: flex; height: 10px; border-radius: 5px; overflow: hidden; margin: .7rem 0 .6rem;
  gap: 2px; }
.bar span { min-width: 4px; } .bar .ok { background: var(--ok); } .bar .warn { background:
  var(--warn); }
.bar .info { background: var(--info); } .bar .none { background: var(--none); }
.bar .bad { background: var(--bad); }
.tools { position: sticky; top: 0; z-index: 3; display: flex; flex-wrap: wrap; gap: .5rem .9rem;
  align-items: center; padding: .7rem 0; background: var(--paper); border-bottom: 1px solid
  var(--line); }
.tools input[type=search] { flex: 1 1 14rem; max-width: 24rem; padding: .4rem .7rem; font:
  inherit;
  color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.tools label { display: inline-flex; gap: .35rem; align-items: center; cursor: pointer; }
table.matrix { border-collapse: collapse; width: 100%; }
.matrix th, .matrix td { text-align: left; padding: .28rem .6rem; border-bottom: 1px solid
  var(--line);
  vertical-align: top; }
.matrix .group th { padding-top: 1.8rem; font-size: 1.05rem; border-bottom-width: 2px; }
.matrix .group th .soft { font-size: .85rem; font-weight: 400; }
.matrix .chapter th { background: var(--code); font-weight: 600; }
.matrix td.id { white-space: nowrap; font-variant-numeric: tabular-nums; color: var(--soft); }
.matrix td.what { width: 99%; min-width: 16rem; overflow-wrap: anywhere; }
.matrix td.cell { white-space: nowrap; } .matrix td.cell .small { margin-left: .4rem; }
.matrix tr.case:hover td { background: var(--code); }
.matrix thead th { position: sticky; top: var(--tools); z-index: 2; background: var(--paper);
  font-size: .85rem; vertical-align: bottom; }
.matrix .wrong { color: var(--bad); }
:root { --tools: 3.6rem; }
body { width: fit-content; min-width: min(100%, 84rem); max-width: none; }
@media (max-width: 48rem) {
  body { width: auto; min-width: 0; }
  .tools { position: static; }
  .matrix thead { display: none; }
  .matrix, .matrix tbody, .matrix tr, .matrix th { display: block; }
  .matrix [hidden] { display: none; }
  .matrix tr.case { padding: .45rem .6rem; border-bottom: 1px solid var(--line); }
  .matrix td { border: 0; padding: .1rem 0; }
  .matrix td.id, .matrix td.what { display: inline; min-width: 0; }
  .matrix td.id { padding-right: .5rem; }
  .matrix td.cell { display: flex; gap: .5rem; align-items: baseline; padding-top: .3rem; }
  .matrix td.cell::before { flex: 1; color: var(--soft); font-size: .85rem;
    overflow-wrap: anywhere; white-space: normal; } }`;

const CASE = `
nav { display: flex; gap: 1rem; margin-bottom: 1.2rem; }
.verdicts { display: flex; flex-wrap: wrap; gap: .5rem .8rem; align-items: center; margin: .8rem
  0 1.4rem; }
.verdicts .badge { font-size: .95rem; padding: .2rem .8rem; }
.lesson { margin-top: 1.4rem; display: grid; grid-template-columns: repeat(auto-fit,
  minmax(min(19rem, 100%), 1fr)); gap: 1rem; }
.lesson > div { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: .8rem 1.1rem; }
.lesson h2 { margin: 0 0 .2rem; font-size: .78rem; text-transform: uppercase; letter-spacing:
  .06em;
  color: var(--soft); }
table.facts { border-collapse: collapse; } .facts th, .facts td { text-align: left;
  vertical-align: top;
  padding: .2rem 1.4rem .2rem 0; border-bottom: 1px solid var(--line); }
.facts th { font-weight: 400; color: var(--soft); }
.facts td.wrong, .events .wrong { color: var(--bad); font-weight: 600; }
.events { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr));
  gap: 1rem; }
.events ol { margin: 0; padding-left: 1.6rem; } .events li { overflow-wrap: anywhere; }
.log { border-left: 2px solid var(--line); margin-left: .4rem; padding-left: 1rem; }
.entry { position: relative; padding: .35rem 0; }
.entry::before { content: ""; position: absolute; left: calc(-1rem - 5px); top: .85rem; width:
  8px;
  height: 8px; border-radius: 50%; background: var(--line); }
.entry.out::before { background: var(--out); } .entry.in::before { background: var(--in); }
.entry.note::before { background: var(--bad); }
.entry .time { display: inline-block; min-width: 5.4rem; color: var(--soft);
  font-variant-numeric: tabular-nums; }
.out .way { color: var(--out); font-weight: 600; } .in .way { color: var(--in); font-weight: 600;
  }
.octets { color: var(--soft); overflow-wrap: anywhere; }
.frame { display: flex; flex-wrap: wrap; gap: 3px; margin: .35rem 0 .2rem; }
.field { background: var(--code); border-radius: 6px; padding: .2rem .55rem .25rem; min-width:
  3rem; }
.field .name { font-size: .68rem; color: var(--soft); text-transform: uppercase; letter-spacing:
  .04em; }
.field .wire { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .86rem; }
.field .meaning { font-size: .75rem; color: var(--soft); }
.field.broken { outline: 2px solid var(--bad); background: var(--bad-bg); }
.content { overflow-wrap: anywhere; }
.heads { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr));
  gap: 1rem; }
.heads > div { min-width: 0; }
body.frames-only .octets-entry { display: none; }`;

/** The sheet of the index. */
export const INDEX_STYLE = COLOURS + BASE + INDEX;

/** The sheet of a case's page. */
export const CASE_STYLE = COLOURS + BASE + CASE;

/** On narrow screens a row is a block, and each verdict stands behind the name of its agent. */
export function agentLabels(agents: readonly string[]): string {
  if (agents.length < 2) return '';
  const rules = agents.map(
    (agent, at) => `.matrix td.cell:nth-child(${at + 3})::before { content: "${cssText(agent)}"; }`,
  );
  return `\n@media (max-width: 48rem) { ${rules.join(' ')} }`;
}

/** A text for a string of CSS: what could end the string or the sheet is escaped by its number. */
function cssText(text: string): string {
  return text.replace(
    /[^\w :./-]/gu,
    (character) => `\\${character.codePointAt(0)!.toString(16)} `,
  );
}

const CLASSES: Readonly<Record<string, string>> = {
  OK: 'ok',
  'NON-STRICT': 'warn',
  INFORMATIONAL: 'info',
  UNIMPLEMENTED: 'none',
};

/** The class of a verdict's colour. */
export function verdictClass(verdict: string): string {
  return CLASSES[verdict] ?? 'bad';
}
