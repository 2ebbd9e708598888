// The browsers of Debian, with the options by which tests and benches start them.

const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

export const chromium = {
  executablePath: '/usr/bin/chromium',
  args: [...quiet, '--disable-component-update', '--disable-sync'],
};
export const firefox = { channel: 'moz-firefox', executablePath: '/usr/bin/firefox-esr' };
