// What a figure is, and how its pictures are drawn: by Observable Plot, in a document without a browser.

import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

export interface Table {
  caption: string;
  head: string[];
  rows: string[][];
}

export interface Figure {
  /** The anchor of its heading. */
  id: string;
  title: string;
  /** What to see, in a sentence or two. */
  see: string;
  /** How it was measured. */
  how: string;
  panels: Panel[];
  /** The least width of a panel in pixels; as many as fit are side by side. */
  least: number;
  /** The numbers of the pictures, also for those who do not see them. */
  tables: Table[];
}

export interface Panel {
  title: string;
  pictures: string[];
}

/** The page's colours by their meaning; each colour scheme has its own values (style.ts). */
export const ink = {
  healthy: 'var(--blue)',
  vanished: 'var(--purple)',
  exploded: 'var(--orange)',
  other: 'var(--green)',
  faint: 'var(--faint)',
  grid: 'var(--grid)',
};
/** Lines differ in dashes as well as in colour. */
export const dashes = { solid: undefined, dashed: '7 4', dotted: '2 3', mixed: '9 3 2 3' };

const { document } = parseHTML('<html><body></body></html>');

/** One picture as SVG text; the label says in words what it shows. */
export function draw(label: string, options: Plot.PlotOptions): string {
  const svg = Plot.plot({
    document: document as unknown as Document,
    className: 'plot',
    ...options,
  }) as unknown as SVGElement;
  svg.querySelector('style')?.remove(); // the page has the style once for all pictures
  for (const name of ['fill', 'font-family']) svg.removeAttribute(name);
  // Hundredths of a pixel are enough, and take half of the bytes.
  const text = svg.outerHTML.replace(/<[^>]*>/g, (tag) => tag.replace(/(\d\.\d{2})\d+/g, '$1'));
  return text.replace('<svg', `<svg role="img" aria-label="${escaped(label)}"`);
}

/** Text as HTML. */
export const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[letter]!);

const high = '⁰¹²³⁴⁵⁶⁷⁸⁹';
/** 10 to that power, as it is printed. */
export const power = (exponent: number) =>
  exponent === 0 ? '1' : `10${String(exponent).replace(/./g, (c) => (c === '-' ? '⁻' : high[Number(c)]))}`;

/** A number in few digits: 0.33, 4.7×10⁻⁵ (with one digit 0.33 too, but 5×10⁻⁵). */
export function compact(x: number, digits = 2): string {
  if (x === 0) return '0';
  const [mantissa, exponent] = x.toExponential(digits - 1).split('e');
  const places = Number(exponent);
  if (places < -3 || places > 3) return `${mantissa}×${power(places)}`;
  return String(Number(x.toPrecision(Math.max(2, digits, places + 1))));
}
