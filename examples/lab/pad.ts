// The field to draw a digit in.

import { centred, standardise } from './digits.js';

const SIDE = 280;
const INK = 140;

/** `recognise` is called with 784 values whenever the field changes, or with null if it is empty. */
export function pad(canvas: HTMLCanvasElement, recognise: (x: Float32Array | null) => void) {
  const c = canvas.getContext('2d', { willReadFrequently: true })!;
  // A copy of half the size is read: a quarter of the pixels for each stroke.
  const small = new OffscreenCanvas(INK, INK).getContext('2d', { willReadFrequently: true })!;
  let at: { x: number; y: number } | undefined;
  let waiting = false;

  function read(): void {
    waiting = false;
    small.drawImage(canvas, 0, 0, INK, INK);
    const { data } = small.getImageData(0, 0, INK, INK);
    const ink = Float32Array.from({ length: INK * INK }, (_, i) => data[4 * i] / 255);
    recognise(centred(ink, INK)?.map(standardise) ?? null);
  }

  function clear(): void {
    c.fillStyle = '#000';
    c.fillRect(0, 0, SIDE, SIDE);
  }

  /** Where a pointer is, in the canvas's own coordinates. */
  function place(event: PointerEvent) {
    const box = canvas.getBoundingClientRect();
    return { x: ((event.clientX - box.left) * SIDE) / box.width, y: ((event.clientY - box.top) * SIDE) / box.height };
  }

  function stroke(event: PointerEvent): void {
    if (!at) return;
    const to = place(event);
    c.strokeStyle = '#fff';
    c.lineWidth = 24;
    c.lineCap = c.lineJoin = 'round';
    c.beginPath();
    c.moveTo(at.x, at.y);
    c.lineTo(to.x, to.y);
    c.stroke();
    at = to;
    if (!waiting) requestAnimationFrame(read);
    waiting = true;
  }

  let picked = false;
  canvas.addEventListener('pointerdown', (event) => {
    if (picked) clear();
    picked = false;
    canvas.setPointerCapture(event.pointerId);
    at = place(event);
    stroke(event);
  });
  canvas.addEventListener('pointermove', stroke);
  for (const end of ['pointerup', 'pointercancel'] as const) canvas.addEventListener(end, () => (at = undefined));
  clear();

  return {
    clear(): void {
      clear();
      recognise(null);
    },
    /** Shows a digit of 784 standardised pixels. */
    show(x: Float32Array): void {
      clear();
      picked = true;
      x.forEach((value, i) => {
        const grey = Math.round(255 * (value * 0.3081 + 0.1307));
        c.fillStyle = `rgb(${grey} ${grey} ${grey})`;
        c.fillRect(10 * (i % 28), 10 * Math.floor(i / 28), 10, 10);
      });
      recognise(x);
    },
  };
}
