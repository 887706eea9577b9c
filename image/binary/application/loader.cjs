/*
 * The start of the static executable. Node runs this file from the blob; it loads the bundles, which lie in the blob
 * as assets, as if they were files in one directory that nobody else can see.
 */
'use strict';

/* Becomes the source text of every worker too, so it uses nothing from outside itself. */
function begin(requireBuiltin, first) {
  const { getAsset } = requireBuiltin('node:sea');
  const Module = requireBuiltin('node:module');
  const threads = requireBuiltin('node:worker_threads');

  function loadBundle(file) {
    const bundle = new Module(file);
    bundle.filename = file;
    bundle.paths = [];
    bundle.require = (name) =>
      name.startsWith('./') ? loadBundle(file.replace(/[^/]*$/, name.slice(2))) : requireBuiltin(name);
    bundle._compile(getAsset(file.replace(/^.*\//, ''), 'utf8'), file);
    return bundle.exports;
  }

  /* A worker is started by the path of its bundle, as from a disk; workers start others. */
  const directory = first.replace(/[^/]*$/, '');
  threads.Worker = class extends threads.Worker {
    constructor(file, options) {
      if (typeof file === 'string' && file.startsWith(directory)) {
        super(`(${begin})(require, ${JSON.stringify(file)})`, { ...options, eval: true });
      } else super(file, options);
    }
  };
  return loadBundle(first);
}

/* Where the bundles believe they are. Nothing is ever read from there. */
begin(require, '/trivet/trivet.cjs');
