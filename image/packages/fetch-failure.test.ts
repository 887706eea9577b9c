import t from 'tap';
import { explainFetchFailure } from './fetch-failure.ts';

const wanted = [
  { path: 'pool/main/a/alpha/alpha_1_amd64.deb', name: 'alpha', version: '1' },
  { path: 'pool/main/b/beta/beta_2_amd64.deb', name: 'beta', version: '2' },
];

t.test('explainFetchFailure names the package that is gone, and what to do', async (t) => {
  const said =
    '  E: Failed to fetch http://m/debian/pool/main/b/beta/beta_2_amd64.deb  404  Not Found [IP: 192.0.2.1 80]';
  t.match(
    explainFetchFailure(said, wanted),
    /^The package beta 2 is no longer on the mirror.*without --lock/,
  );
});

t.test('explainFetchFailure tells a wrong digest from the rest', async (t) => {
  const said =
    'E: Failed to fetch http://m/debian/pool/main/a/alpha/alpha_1_amd64.deb  Hash Sum mismatch\n   Hashes of expected file:';
  t.match(explainFetchFailure(said, wanted), /^The package alpha 1 that the mirror gave is not the one/);
});

t.test('explainFetchFailure says when the mirror cannot be reached', async (t) => {
  const said = 'E: Failed to fetch http://m/debian/dists/x/InRelease  Could not connect to m:80 (192.0.2.1).';
  t.match(
    explainFetchFailure(said, []),
    /cannot be fetched from the mirror\. Check the network[\s\S]*Could not connect/,
  );
});
