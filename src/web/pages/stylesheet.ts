/**
 * The stylesheet. Text rather than a file, so that the built program needs no other files. Sizes and
 * distances are steps of one scale; every state has a colour, and a shape that tells it without
 * colour.
 */
export const stylesheet = `:root {
  color-scheme: light dark;
  --ground: #f6f5f2;
  --card: #ffffff;
  --ink: #23262b;
  --soft: #5d636d;
  --line: #dcd9d2;
  --accent: #1f5f8b;
  --on-accent: #ffffff;
  --good: #1d6b3f;
  --warn: #855400;
  --bad: #a32a1c;
  --off: #5d636d;
  --on-bad: #ffffff;
  --small: .875rem;
  --larger: 1.125rem;
  --largest: 1.625rem;
  --space-1: .25rem;
  --space-2: .5rem;
  --space-3: .75rem;
  --space-4: 1rem;
  --space-5: 1.5rem;
  --round: .4rem;
  --target: 2.75rem;
  --narrow: 46rem;
  --wide: 70rem;
}

@media (prefers-color-scheme: dark) {
  :root {
    --ground: #16181c;
    --card: #1f2228;
    --ink: #e6e7e9;
    --soft: #a2a8b2;
    --line: #363b44;
    --accent: #7db8e0;
    --on-accent: #10202c;
    --good: #7fcf9d;
    --warn: #e8b95c;
    --bad: #f09a8c;
    --off: #a2a8b2;
    --on-bad: #2b0d08;
  }
}

*, *::before, *::after { box-sizing: border-box; }

body {
  margin: 0 auto;
  max-width: var(--narrow);
  padding: var(--space-4);
  background: var(--ground);
  color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  overflow-wrap: anywhere;
}

body.signed-in { max-width: var(--wide); }
main { max-width: var(--narrow); }
main.wide { max-width: none; }
.narrow { max-width: var(--narrow); }

/* Header, navigation, footer */
header, footer {
  display: flex;
  flex-wrap: wrap;
  gap: var(--space-2) var(--space-4);
  align-items: center;
  justify-content: space-between;
  color: var(--soft);
}

header { padding: 0 0 var(--space-4); }
footer { margin-top: var(--space-5); padding: var(--space-3) 0 0; border-top: 1px solid var(--line); font-size: var(--small); }
.home { display: inline-flex; gap: var(--space-2); align-items: center; min-height: var(--target); color: var(--ink); font-weight: 650; text-decoration: none; }
.home svg { width: 1.5rem; height: 1.5rem; fill: var(--accent); }
nav ul { display: flex; flex-wrap: wrap; gap: 0 var(--space-3); margin: 0; padding: 0; list-style: none; }
nav a { display: flex; gap: var(--space-1); font-size: .9rem; align-items: center; min-height: var(--target); border-bottom: .15rem solid transparent; color: var(--soft); text-decoration: none; }
nav a:hover { color: var(--ink); border-color: var(--line); }
nav a[aria-current] { border-color: var(--accent); color: var(--ink); font-weight: 600; }
.skip { position: absolute; left: -100rem; }
.skip:focus { position: static; }

/* Text */
:lang(ja) { line-break: strict; word-break: auto-phrase; }
h1 { margin: 0 0 var(--space-4); font-size: var(--largest); line-height: 1.25; letter-spacing: -.01em; }
h2, ul.cards h3 { margin: 0 0 var(--space-2); font-size: var(--larger); line-height: 1.3; }
h3 { margin: 0 0 var(--space-2); font-size: 1rem; line-height: 1.3; }
p { margin: 0 0 var(--space-3); max-width: 70ch; }
a { color: var(--accent); text-underline-offset: .15em; }
:where(a:has(> .icon)) { display: inline-flex; gap: .35em; align-items: center; }
.soft, .hint { color: var(--soft); }
.hint, .small { font-size: var(--small); }
.ago { color: var(--soft); white-space: normal; }
@media (scripting: none) { .scripted { display: none; } }
time { font-variant-numeric: tabular-nums; white-space: nowrap; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
code, pre { font: .9em/1.5 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; }
code.large { font-size: 1.25rem; font-weight: 600; }
pre { margin: 0 0 var(--space-3); padding: .7rem .85rem; border-radius: var(--round); background: var(--ground); white-space: pre-wrap; }
dl { margin: 0 0 var(--space-3); }
dt { color: var(--soft); font-size: var(--small); }
dd { margin: 0 0 .6rem; }
ol > li, ul > li { margin-bottom: var(--space-1); }

/* Cards */
section, .card {
  margin: 0 0 var(--space-4);
  padding: var(--space-4) 1.1rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: .6rem;
}

section > :last-child, .card > :last-child, section > form:last-child > :last-child { margin-bottom: 0; }
section > p + table, section > p + div > table { margin-top: var(--space-3); }
ul.cards { margin: 0; padding: 0; list-style: none; }
ul.cards h2 { display: flex; flex-wrap: wrap; gap: var(--space-1) var(--space-3); align-items: baseline; justify-content: space-between; }
.mistake { border-left: .3rem solid var(--bad); }
.warning { border-left: .3rem solid var(--warn); }
.done { border-left: .3rem solid var(--good); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); gap: var(--space-4); margin: 0 0 var(--space-4); padding: 0; list-style: none; }
.tiles > * { margin: 0; }
.plain { margin: 0 0 var(--space-3); padding: 0; list-style: none; }
.plain > li > .actions { margin-top: var(--space-2); }
.plain > li + li:has(.actions) { padding: var(--space-3) 0 0; border-top: 1px solid var(--line); }

/* States: a shape, a colour, a word */
.badge { display: inline-flex; gap: .4em; align-items: baseline; font-size: .9rem; font-weight: 600; color: var(--off); overflow-wrap: break-word; }
.badge::before { content: ""; flex: none; width: .7em; height: .7em; border: .15em solid currentColor; border-radius: 50%; }
code:has(+ .badge) { margin-right: var(--space-2); }
.badge.good { color: var(--good); }
.badge.warn { color: var(--warn); }
.badge.bad { color: var(--bad); }
.badge.good::before, .badge.warn::before, .badge.bad::before { border: 0; background: currentColor; forced-color-adjust: none; }
.badge.warn::before { border-radius: 0; clip-path: polygon(50% 0, 100% 100%, 0 100%); }
.badge.bad::before { border-radius: 0; clip-path: polygon(20% 0, 50% 30%, 80% 0, 100% 20%, 70% 50%, 100% 80%, 80% 100%, 50% 70%, 20% 100%, 0 80%, 30% 50%, 0 20%); }
.icon { width: 1.1em; height: 1.1em; flex: none; vertical-align: -.15em; fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }

/* Steps that were taken, or are to be taken */
ol.checklist { margin: 0 0 var(--space-4); padding: var(--space-2) 1.1rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); list-style: none; }
ol.checklist > li { display: grid; grid-template-columns: 1.25rem 1fr auto; gap: 0 var(--space-2); align-items: baseline; margin: 0; padding: var(--space-2) 0; }
ol.checklist > li + li { border-top: 1px solid var(--line); }
ol.checklist > li > .icon { align-self: center; width: 1.25rem; height: 1.25rem; stroke-width: 2.2; }
ol.checklist > .good > .icon { color: var(--good); }
ol.checklist > .warn > .icon { color: var(--warn); }
ol.checklist > .bad > .icon { color: var(--bad); }
ol.checklist > .off > .icon { color: var(--off); }
ol.checklist > li > .more { grid-column: 2 / -1; margin-top: var(--space-1); }
ol.checklist > li > .more > :last-child { margin-bottom: 0; }
.took { color: var(--soft); font-size: var(--small); font-variant-numeric: tabular-nums; }

/* Tables: on a narrow page, each row is two lines */
table { width: 100%; margin: 0 0 var(--space-4); border: 1px solid var(--line); border-radius: .6rem; border-spacing: 0; background: var(--card); }
caption { padding: 0 0 var(--space-2); color: var(--soft); text-align: left; }
th, td { min-width: 5.5rem; padding: var(--space-2) var(--space-3); text-align: left; vertical-align: baseline; }
td.main { min-width: 13rem; }
td.lead { min-width: 0; }
th { color: var(--soft); font-size: var(--small); font-weight: 600; white-space: nowrap; }
th a { color: inherit; }
th[aria-sort] a { color: var(--ink); }
tbody td { border-top: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td form { margin: 0; }
td > form > button { white-space: nowrap; }
@media (max-width: 47.99rem) {
  table, thead, tbody { display: block; }
  thead tr { display: flex; flex-wrap: wrap; gap: 0 var(--space-3); padding: 0 var(--space-3); }
  th { padding: 0; }
  th a { display: flex; align-items: center; min-height: var(--target); }
  th:not(.sortable) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { display: flex; flex-wrap: wrap; gap: 0 var(--space-3); align-items: baseline; padding: var(--space-2) var(--space-3); border-top: 1px solid var(--line); }
  tbody tr::before { content: ""; order: 2; flex: 0 0 100%; }
  tbody td { order: 3; min-width: 0; padding: 0; border: 0; font-size: var(--small); }
  td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); }
  tbody td.main { order: 0; min-width: 0; flex: 1 1 55%; font-size: 1rem; }
  tbody td.side { order: 1; font-size: 1rem; }
  tbody td.lead { order: -1; }
  tbody td.wide-only, tbody td:empty { display: none; }
}
.paging { display: flex; flex-wrap: wrap; gap: 0 var(--space-4); align-items: center; margin: 0 0 var(--space-4); }
.paging a { display: inline-flex; align-items: center; min-height: var(--target); }
form.search { display: flex; flex-wrap: wrap; gap: var(--space-2) var(--space-3); align-items: end; margin: 0 0 var(--space-4); }
form.search label { flex: 1 1 12rem; margin: 0; }

/* Forms */
form { margin: 0 0 var(--space-3); }
label, .field { display: block; margin: 0 0 var(--space-3); }
.field > label { margin: 0 0 var(--space-1); }
.field .hint { display: block; margin: 0 0 var(--space-1); }
label.choice { display: flex; gap: .6rem; align-items: center; min-height: 2rem; margin: 0 0 .4rem; }
.wrong { display: block; margin: 0 0 var(--space-1); color: var(--bad); font-weight: 600; }
.field.is-wrong { padding-left: var(--space-3); border-left: .25rem solid var(--bad); }
fieldset { margin: 0 0 var(--space-3); padding: .6rem .85rem; border: 1px solid var(--line); border-radius: var(--round); }
legend { padding: 0 .3rem; color: var(--soft); }
details { margin: 0 0 var(--space-3); }
summary { padding: var(--space-2) 0; cursor: pointer; }

input:not([type=hidden]):not([type=checkbox]):not([type=radio]), select, textarea {
  display: block;
  width: 100%;
  min-height: var(--target);
  padding: var(--space-2) .7rem;
  border: 1px solid var(--soft);
  border-radius: var(--round);
  background: var(--ground);
  color: var(--ink);
  font: inherit;
}

input[aria-invalid=true], select[aria-invalid=true], textarea[aria-invalid=true] { border: 2px solid var(--bad); }
input[type=checkbox], input[type=radio] { flex: none; width: 1.25rem; height: 1.25rem; margin: 0; accent-color: var(--accent); }

button, .button, details.confirm > summary {
  display: inline-flex;
  gap: var(--space-2);
  align-items: center;
  min-height: var(--target);
  padding: var(--space-2) 1.1rem;
  border: 1px solid var(--accent);
  border-radius: var(--round);
  background: var(--accent);
  color: var(--on-accent);
  font: inherit;
  font-weight: 600;
  text-decoration: none;
  cursor: pointer;
}

button.quiet, .button.quiet { background: transparent; color: var(--accent); }
button.danger { border-color: var(--bad); background: var(--bad); color: var(--on-bad); }
details.confirm { display: inline-block; max-width: 100%; margin: 0; }
details.confirm[open] { display: block; padding: var(--space-3); border: 1px solid var(--bad); border-radius: var(--round); }
details.confirm > summary { border-color: var(--bad); background: transparent; color: var(--bad); list-style: none; }
details.confirm > summary::-webkit-details-marker { display: none; }
details.confirm[open] > summary { margin: 0 0 var(--space-3); }
details.confirm form { margin: 0; }
.actions { display: flex; flex-wrap: wrap; gap: var(--space-2) var(--space-3); align-items: center; margin: 0 0 var(--space-3); }
.actions form { margin: 0; }
.actions a > .badge { text-decoration: underline; text-underline-offset: .15em; }
.actions a[aria-current] { border-bottom: .15rem solid currentColor; text-decoration: none; }
.actions a[aria-current] > .badge { text-decoration: none; }
code[data-copy] { margin-right: var(--space-2); }
dd button.copy, li button.copy { margin-bottom: 0; }
button.copy { min-height: 2rem; margin: 0 0 var(--space-3); padding: .2rem .6rem; font-size: var(--small); }
footer form { margin: 0; }
footer button { min-height: 2rem; padding: .25rem .7rem; font-size: var(--small); }
td button, td details.confirm > summary { min-height: 2rem; padding: .2rem .7rem; font-size: var(--small); overflow-wrap: break-word; }
td details.confirm:not([open]) > summary { white-space: nowrap; }
/* A date has its focus in a part of itself. */
:focus-visible, input:focus-within { outline: .2rem solid var(--accent); outline-offset: .15rem; }

/* What happened */
form.search details { flex-basis: 100%; margin: 0; }
form.search details .actions { align-items: end; }
form.events label { flex-basis: 8.5rem; }
table:has(.entry) { font-size: var(--small); }
table:has(.entry) .badge { font-size: inherit; }
/* What went well is quieter than what did not. */
table:has(.entry) .badge.good { color: var(--ink); font-weight: 400; }
table:has(.entry) .badge.good::before { background: var(--good); }
td details.entry { margin: 0; }
td details.entry > summary { padding: 0; }
@media (min-width: 48rem) {
  table:has(.entry) td, table:has(.entry) .ago { white-space: nowrap; }
  table:has(.entry) td:nth-child(3), table:has(.entry) td:nth-child(4) { max-width: 14rem; overflow: hidden; text-overflow: ellipsis; }
  table:has(.entry) td:last-child { width: 45%; max-width: 0; }
  td details.entry:not([open]) > summary { overflow: hidden; text-overflow: ellipsis; }
  td details.entry[open] { white-space: normal; }
}
@media (max-width: 47.99rem) {
  table:has(.entry) td:last-child { flex: 1 1 100%; }
  td details.entry > summary { padding: .7rem 0; }
  td details.entry[open] > summary { margin: 0; }
  table:has(.entry) td:last-child::before { content: none; }
}
td details.entry[open] > summary { margin: 0 0 var(--space-2); }
td details.entry > dl { display: block; margin: 0; }
td details.entry dd { margin: 0 0 var(--space-2); }
td details.entry dt, td details.entry dd { font-size: var(--small); }
figure { margin: 0; }
figure > :last-child { margin-bottom: 0; }
figcaption, .legend { margin: 0 0 var(--space-2); }
.legend, .marks, .scale { color: var(--soft); font-size: var(--small); }
.legend span { margin-right: var(--space-3); }
.legend span::before { content: ""; display: inline-block; width: .8em; height: .8em; margin-right: .4em; border: 2px solid var(--accent); background: var(--accent); forced-color-adjust: none; }
.legend .refused::before { border-color: var(--bad); background: transparent; }
.bars { display: grid; grid-template-columns: 3ch 1fr; gap: var(--space-2); position: relative; }
.hours { position: absolute; inset: 0 0 0 calc(3ch + var(--space-2)); display: flex; }
.hours > * { flex: 1; }
.bars svg { display: block; width: 100%; height: 4.5rem; border-bottom: 1px solid var(--soft); overflow: visible; }
.scale { display: flex; flex-direction: column; justify-content: space-between; line-height: 1; text-align: right; }
.marks { display: flex; justify-content: space-between; max-width: none; margin: var(--space-1) 0 var(--space-2); padding-left: calc(3ch + var(--space-2)); }
rect { vector-effect: non-scaling-stroke; stroke-width: 2; }
rect.sent { fill: var(--accent); stroke: var(--accent); }
rect.refused { fill: transparent; stroke: var(--bad); }

@media (min-width: 36rem) {
  body { padding: var(--space-5); }
  dl { display: grid; grid-template-columns: 11rem 1fr; gap: .35rem var(--space-4); align-items: baseline; }
  dt { font-size: 1rem; }
  dd { margin: 0; }
  form.filters { display: grid; grid-template-columns: 1fr 1fr; gap: 0 var(--space-4); align-items: end; }
}

/* On touch, everything that is pressed is large enough for a finger */
@media (pointer: coarse), (max-width: 47.99rem) {
  label.choice, summary, footer button, button.copy, td button, td details.confirm > summary { min-height: var(--target); }
}
`
