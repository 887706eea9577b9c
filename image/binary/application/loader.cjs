/*
 * The start of the static executable. Node runs this file from the blob; it loads the bundles, which lie in the blob
 * as assets, as if they were files in one directory that nobody else can see.
 */
'use strict';
const threads = require('node:worker_threads');

/** Where the bundles believe they are. Nothing is ever read from there. */
const directory = '/trivet/';

/* Becomes the source text of every worker, so it uses nothing from outside itself. */
function loadBundle(requireBuiltin, file) {
  const { getAsset } = requireBuiltin('node:sea');
  const Module = requireBuiltin('node:module');
  const bundle = new Module(file);
  bundle.filename = file;
  bundle.paths = [];
  bundle.require = (name) =>
    name.startsWith('./')
      ? loadBundle(requireBuiltin, file.replace(/[^/]*$/, name.slice(2)))
      : requireBuiltin(name);
  bundle._compile(getAsset(file.replace(/^.*\//, ''), 'utf8'), file);
  return bundle.exports;
}

/* A worker is started by the path of its bundle, as from a disk. */
threads.Worker = class extends threads.Worker {
  constructor(file, options) {
    if (typeof file === 'string' && file.startsWith(directory)) {
      super(`(${loadBundle})(require, ${JSON.stringify(file)})`, { ...options, eval: true });
    } else super(file, options);
  }
};

loadBundle(require, `${directory}trivet.cjs`);
