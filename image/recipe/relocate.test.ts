import path from 'node:path';
import t from 'tap';
import { readRecipe } from './parse.ts';
import { relocate } from './relocate.ts';

t.test('relocate moves keys, certificates and the sources of files', async (t) => {
  const written = {
    ...{ name: 'edge', keys: '../keys', certificates: ['ca.pem', '/etc/ssl/site.pem'] },
    files: [
      { path: '/etc/a', source: 'a.txt' },
      { path: '/etc/b', content: 'b' },
    ],
  };
  t.same(relocate(written, '/work/base', '/work/sites/one'), {
    ...{ name: 'edge', keys: '../../keys', certificates: ['../../base/ca.pem', '/etc/ssl/site.pem'] },
    files: [
      { path: '/etc/a', source: '../../base/a.txt' },
      { path: '/etc/b', content: 'b' },
    ],
  });
});

t.test('relocate leaves alone what is no path: a certificate’s text, and what is wrong anyway', async (t) => {
  const pem = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n';
  const written = { certificates: [pem], keys: 7, files: ['not a map', null] };
  t.same(relocate(written, '/a', '/b'), written);
  t.same(relocate({ certificates: 'one.pem' }, '/a', '/b'), { certificates: '../a/one.pem' });
});

t.test('readRecipe finds the files of a recipe that is extended from another directory', async (t) => {
  const directory = t.testdir({
    base: {
      'base.yaml':
        'name: base\narchitecture: x86_64\ntarget: cloud\nfiles: [{ path: /etc/a, source: a.txt }]\n',
      'a.txt': 'text',
    },
    sites: { 'one.yaml': 'extends: ../base/base.yaml\nname: one\n' },
  });
  const { recipe } = await readRecipe(path.join(directory, 'sites/one.yaml'));
  t.equal(recipe.name, 'one');
  t.equal(recipe.files[0]?.source, '../base/a.txt');
});
