// In your own project write 'fanwise' here. This folder has a package.json of its own, for the queue, so that the name would
// not be found.
export * from '../../dist/index.js';
