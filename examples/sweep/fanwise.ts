// In a project of your own this is the package's name. Here the folder has a package.json, for the queue alone, and inside of
// that one the name fanwise is nothing.
export * from '../../dist/index.js';
