// The page's style. The colours are Okabe and Ito's, darker or lighter where contrast needs it.

export const style = `
:root {
  color-scheme: light dark;
  --page: #fff; --text: #1b1b1b; --soft: #555; --line: #d5d5d5; --panel: #f6f6f6; --link: #005a8d;
  --blue: #0072b2; --orange: #c04f00; --green: #007a59; --purple: #9c4f86; --faint: #8c8c8c; --grid: #e4e4e4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --text: #ececec; --soft: #b4b4b4; --line: #3c4248; --panel: #1d2125; --link: #7cc4f0;
    --blue: #56b4e9; --orange: #e69f00; --green: #2bc59a; --purple: #e39cc4; --faint: #6d747b; --grid: #2b3035;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
main, header, footer { max-width: 76rem; margin: 0 auto; padding: 0 1rem; }
p, figcaption { max-width: 46rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 2rem 0 1rem; text-wrap: balance; }
section { margin-top: 3.5rem; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 0.5rem; }
h3 { font-size: 1rem; margin: 0 0 0.25rem; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 0.5rem; padding: 0.5rem 1rem; background: var(--page); z-index: 1; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; padding: 0; list-style: none; }
figure { margin: 0; }
.panels > div { max-width: 38rem; }
.panels { display: grid; gap: 1.5rem 2rem; margin: 1.25rem 0; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, var(--least)), 1fr)); }
.plot { display: block; width: 100%; height: auto; overflow: visible; color: var(--text); fill: currentColor;
  font: 10px system-ui, sans-serif; }
.plot text { white-space: pre; }
.how { color: var(--soft); font-size: 0.9rem; }
details { margin: 0.75rem 0; }
summary { cursor: pointer; width: fit-content; color: var(--link); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; margin: 0.75rem 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: 0.25rem; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.75rem 0.35rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 600; }
.data td, .data th { white-space: nowrap; }
.verdict { font-weight: 600; }
@media (max-width: 60rem) {
  .claims { font-size: 1rem; }
  .claims, .claims tbody, .claims tr, .claims td, .claims th, .claims caption { display: block; }
  .claims thead { position: absolute; left: -999rem; }
  .claims tr { border: 1px solid var(--line); background: var(--panel); padding: 0.5rem 1rem; margin: 0 0 1rem; }
  .claims td, .claims th { border: 0; padding: 0.25rem 0; }
  .claims [data-label]::before { content: attr(data-label); display: block; color: var(--soft); font-size: 0.8rem; font-weight: 400; }
}
footer { margin-top: 3rem; padding-bottom: 3rem; color: var(--soft); font-size: 0.9rem; }
`;
