// The study as one page without scripts that loads nothing else.

import { escaped as e, type Figure, type Table } from './figures/figure.js';
import { style } from './style.js';

/** A claim beside its measurement. */
export interface Row {
  id: string;
  claim: string;
  how: string;
  expected: string;
  measured: string;
  verdict: string;
  correction: string;
}

/** A table. One that is wider than the page scrolls by itself, by keyboard too. */
const table = ({ caption, head, rows }: Table) => `
<div class="scroll" tabindex="0" role="region" aria-label="${e(caption)}">
<table class="data">
<caption>${e(caption)}</caption>
<thead><tr>${head.map((cell) => `<th scope="col">${e(cell)}</th>`).join('')}</tr></thead>
<tbody>
${rows.map(([name, ...cells]) => `<tr><th scope="row">${e(name)}</th>${cells.map((cell) => `<td>${e(cell)}</td>`).join('')}</tr>`).join('\n')}
</tbody>
</table>
</div>`;

const figure = ({ id, title, see, how, least, panels, tables }: Figure, i: number) => `
<section aria-labelledby="${id}">
<h2 id="${id}">${i + 1}. ${e(title)}</h2>
<figure aria-labelledby="${id}">
<figcaption>${e(see)}</figcaption>
<div class="panels" style="--least: ${least}px">
${panels.map(({ title, pictures }) => `<div>\n<h3>${e(title)}</h3>\n${pictures.join('\n')}\n</div>`).join('\n')}
</div>
</figure>
<p class="how">${e(how)}</p>
<details>
<summary>The figures behind it</summary>${tables.map(table).join('')}
</details>
</section>`;

const marks: Record<string, string> = { holds: '✓', 'holds with a correction': '±', 'does not hold': '✗' };

// On a narrow page each row is a card. By the roles it stays a table for screen readers.
const claims = (rows: Row[]) => {
  const head = ['', 'claim', 'expected', 'measured', 'verdict', 'correction'];
  const cells = ({ id, claim, how, expected, measured, verdict, correction }: Row) =>
    `<tr role="row"><th scope="row" role="rowheader">${e(id)}</th>${[
      `<strong>${e(claim)}</strong><br><span class="how">${e(how)}</span>`,
      e(expected),
      e(measured),
      `<span class="verdict">${marks[verdict] ?? '!'} ${e(verdict)}</span>`,
      e(correction),
    ]
      .map((cell, i) => (cell ? `<td role="cell" data-label="${head[i + 1]}">${cell}</td>` : '<td role="cell"></td>'))
      .join('')}</tr>`;
  return `
<table class="claims" role="table">
<caption>Each claim, what follows from theory, and what was measured</caption>
<thead role="rowgroup"><tr role="row">${head.map((cell) => `<th scope="col" role="columnheader">${cell || 'number'}</th>`).join('')}</tr></thead>
<tbody role="rowgroup">
${rows.map(cells).join('\n')}
</tbody>
</table>`;
};

/** How many claims have which verdict, in words. */
function outcome(rows: Row[]): string {
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length;
  const odd = rows.length - Object.keys(marks).reduce((sum, verdict) => sum + count(verdict), 0);
  return `Of ${rows.length} claims ${count('holds')} hold as they stand, ${count('holds with a correction')} with a correction, and ${count('does not hold')} do not${odd ? `; ${odd} did not come out as expected in this run` : ''}.`;
}

/** Keeps N(0, 1) and 87 % on one line. */
const unbroken = (html: string) => html.replace(/N\(0, /g, 'N(0,\u00a0').replace(/(\d) %/g, '$1\u00a0%');

export function page(figures: Figure[], rows: Row[], quick: boolean): string {
  return unbroken(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>fanwise: an article on weight initialisation, measured</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the figures</a>
<header>
<h1>An article on weight initialisation and activation functions, measured</h1>
<p>The initial weights of a network decide whether signals and gradients get through it, and so whether it learns. An article says so, and shows it by five small networks on handwritten digits. This page repeats these, measures each of the article’s claims on random and on trained networks, and compares with theory.</p>
<p>${e(outcome(rows))}${quick ? ' This is a quick run: fewer networks, seeds and digits than the full one, and shorter training.' : ''}</p>
<p>Notation: <var>n</var> is the number of a unit’s inputs, <var>q</var> the mean square of a layer’s pre-activations, σ a standard deviation. N(0, 0.01²) are normal weights with a standard deviation of 0.01; LeCun’s have variance 1/<var>n</var>, Xavier’s 2/(inputs + outputs), He’s 2/<var>n</var>, PyTorch’s default 1/(3<var>n</var>).</p>
<nav aria-label="Figures">
<ul>
${figures.map(({ id, title }, i) => `<li><a href="#${id}">${i + 1}. ${e(title)}</a></li>`).join('\n')}
<li><a href="#claims">The claims</a></li>
</ul>
</nav>
</header>
<main id="main">
${figures.map(figure).join('\n')}
<section aria-labelledby="claims">
<h2 id="claims">The claims</h2>
${claims(rows)}
</section>
</main>
<footer>Made by <code>npm start</code>; the same numbers are in <code>study.json</code> beside this page.</footer>
</body>
</html>
`);
}
