// JavaScriptCore for vitest: opens WebKitGTK's MiniBrowser on the page of the tests, and closes it.
// (Playwright's own WebKit driver speaks a protocol that Debian's WebKitGTK does not.)

import { type ChildProcess, spawn } from 'node:child_process';
import { defineBrowserProvider } from '@vitest/browser';

export function webkitgtk(executable: string) {
  return defineBrowserProvider({
    name: 'webkitgtk',
    supportedBrowser: ['webkit'],
    options: {},
    providerFactory: () => {
      const open = new Map<string, ChildProcess>();
      return {
        name: 'webkitgtk',
        supportsParallelism: false,
        initScripts: [],
        getCommandsContext: () => ({}),
        async openPage(id: string, url: string) {
          const env = { ...process.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' };
          open.set(
            id,
            spawn('xvfb-run', ['-a', executable, '--private', url], { stdio: 'ignore', env, detached: true }),
          );
        },
        async close() {
          for (const { pid } of open.values()) {
            try {
              if (pid !== undefined) process.kill(-pid); // the group: xvfb-run, its server and the browser
            } catch {}
          }
        },
      };
    },
  });
}
