// Frameworks with servers of their own: Next, SvelteKit, Angular.

import { isolated, type Project } from './project.js';
import type { Add, Tool } from './tool.js';

const headers = Object.entries(isolated).map(([key, value]) => ({ key, value }));

const client = `'use client';
import { useEffect } from 'react';
import { report } from '../program.js';
export default function Page() {
  useEffect(() => void report().then((all) => (document.title = JSON.stringify(all))), []);
  return <p>fanwise</p>;
}
`;
const route = (runtime: string) => `import { report } from '../../program.js';
export const dynamic = 'force-dynamic';
export const runtime = '${runtime}';
export const GET = async () => Response.json(await report());
`;

// An edge route of the app's router is not built by Next 16.4's --webpack, whatever is in it; one of the older router is.
const next = (bundler: string): Tool => ({
  packages: ['next@16.4.6', 'react@19.3.1', 'react-dom@19.3.1'],
  quick: bundler === '--turbopack',
  own: /No build cache found|Edge Runtime is deprecated|Using edge runtime on a page/,
  async run(project, add) {
    const isTurbopack = bundler === '--turbopack';
    project.write({
      'next.config.mjs': `export default { headers: async () => [{ source: '/:path*', headers: ${JSON.stringify(headers)} }] };\n`,
      'app/layout.jsx': `export default ({ children }) => <html lang="en"><head><link rel="icon" href="data:," /></head><body>{children}</body></html>;\n`,
      'app/page.jsx': client,
      'app/node/route.js': route('nodejs'),
      'pages/api/edge.js': `import { report } from '../../program.js';
export const config = { runtime: 'edge' };
export default async () => Response.json(await report());
`,
      ...(isTurbopack ? { 'app/edge/route.js': route('edge') } : {}),
    });
    await project.bin('next', 'build', bundler);
    const url = await project.start('next', (port) => ['start', '-p', `${port}`]);
    add('page', await project.page(url));
    add('Node route', await json(`${url}node`));
    const none = { threads: /^workspace: this runtime has no workers/ };
    if (isTurbopack) add('edge route', await json(`${url}edge`), none);
    add('edge route in pages/', await json(`${url}api/edge`), none);
  },
});

async function json(url: string) {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text);
}

const kit = {
  'vite.config.js': `import { sveltekit } from '@sveltejs/kit/vite';
import adapter from '@sveltejs/adapter-node';
export default { plugins: [sveltekit({ adapter: adapter() })], preview: { headers: ${JSON.stringify(isolated)} } };
`,
  'src/app.html': `<!doctype html><html><head><link rel="icon" href="data:,">%sveltekit.head%</head><body>%sveltekit.body%</body></html>\n`,
  'src/routes/+page.svelte': `<script>
import { onMount } from 'svelte';
import { report } from '../../program.js';
onMount(async () => { document.title = JSON.stringify(await report()); });
</script>
`,
  'src/routes/node/+server.js': `import { report } from '../../../program.js';
export const GET = async () => Response.json(await report());
`,
  'src/hooks.server.js': `export const handle = async ({ event, resolve }) => {
  const response = await resolve(event);
  for (const [name, value] of Object.entries(${JSON.stringify(isolated)})) response.headers.set(name, value);
  return response;
};
`,
};

async function svelteKit(project: Project, add: Add): Promise<void> {
  project.write(kit);
  await project.bin('vite', 'build');
  const url = await project.start('vite', (port) => ['preview', '--port', `${port}`]);
  add('page', await project.page(url));
  add('endpoint', await json(`${url}node`));
}

const angularProject = {
  'angular.json': JSON.stringify({
    version: 1,
    projects: {
      app: {
        projectType: 'application',
        root: '',
        architect: {
          build: {
            builder: '@angular/build:application',
            options: {
              outputPath: { base: 'dist', browser: '' },
              index: 'src/index.html',
              browser: 'src/main.ts',
              tsConfig: 'tsconfig.json',
            },
          },
        },
      },
    },
  }),
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      target: 'es2022',
      module: 'preserve',
      moduleResolution: 'bundler',
      strict: true,
      skipLibCheck: true,
      allowJs: true,
    },
    files: ['src/main.ts'],
  }),
  'src/index.html':
    '<!doctype html><html><head><base href="./"><link rel="icon" href="data:,"></head><body><app-root></app-root></body></html>\n',
  'src/main.ts': `import { Component, provideZonelessChangeDetection } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { report } from '../program.js';
@Component({ selector: 'app-root', template: '<p>fanwise</p>' })
class App {
  constructor() {
    report().then((all: unknown) => (document.title = JSON.stringify(all)));
  }
}
bootstrapApplication(App, { providers: [provideZonelessChangeDetection()] });
`,
};

export const frameworks: Record<string, Tool> = {
  'next-turbopack': next('--turbopack'),
  'next-webpack': next('--webpack'),
  sveltekit: {
    packages: [
      '@sveltejs/kit@3.2.0',
      '@sveltejs/adapter-node@6.0.1',
      '@sveltejs/vite-plugin-svelte@7.3.1',
      'svelte@5.57.3',
      'vite@8.3.8',
      'typescript@6.0.3',
    ],
    run: svelteKit,
  },
  angular: {
    packages: [
      '@angular/core@22.2.6',
      '@angular/build@22.2.7',
      '@angular/cli@22.2.7',
      '@angular/common@22.2.6',
      '@angular/compiler@22.2.6',
      '@angular/compiler-cli@22.2.6',
      '@angular/platform-browser@22.2.6',
      'rxjs@7.8.2',
      'typescript@6.0.3',
    ],
    async run(project, add) {
      project.write(angularProject);
      await project.bin('ng', 'build');
      add('page', await project.built());
    },
  },
};
