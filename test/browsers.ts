// The browsers of Debian, and how they are started for tests and benchmarks.

const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

export const chromium = {
  executablePath: '/usr/bin/chromium',
  args: [...quiet, '--disable-component-update', '--disable-sync'],
};
export const firefox = { channel: 'moz-firefox', executablePath: '/usr/bin/firefox-esr' };
