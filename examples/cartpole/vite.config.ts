// Builds the page to out/cartpole and serves it: `vite build examples/cartpole && vite preview examples/cartpole`.

import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  build: { outDir: '../../out/cartpole', emptyOutDir: true, modulePreload: { polyfill: false } },
});
