import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { checkPartialConfig } from '../../runtime/config/partial.ts';
import { withoutSecrets } from '../../runtime/config/without-secrets.ts';
import { readClaim } from '../../runtime/vouchers/manifest.ts';
import { parseVoucher } from '../../runtime/vouchers/voucher.ts';
import { checkout } from '../checkout.ts';

t.setTimeout(600_000);

const head = 'architecture: x86_64\ntarget: generic\n';
const older = `k1.${'A'.repeat(43)}`;
const recipes = {
  'site.yaml': `name: site\n${head}cluster:\n  name: edge\n  secret: "0123456789012345"\n  weight: 3\n  enrolment: { nodes: 9, vouchers: [${older}] }\n`,
  'image.yaml': `name: image\n${head}`,
  'token.yaml': `name: image\n${head}cluster: { name: edge, token: t1-00000000-${'0'.repeat(32)}-${'0'.repeat(32)} }\n`,
  'serials.txt': 'SN,1\nSN "2"\n',
};

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as a person runs it, in a directory of its own. */
function stage(t: Test): { readonly at: (...names: string[]) => string; trivet(...words: string[]): Ran } {
  const cwd = t.testdir(recipes);
  const main = path.join(checkout, 'image/main.ts');
  return {
    at: (...names) => path.join(cwd, ...names),
    trivet: (...words) => spawnSync(process.execPath, [main, 'factory', ...words], { cwd, encoding: 'utf8' }),
  };
}

t.test(
  'trivet factory batch writes bundles, labels and the signed list, and verify takes them',
  async (t) => {
    const { at, trivet } = stage(t);
    const made = trivet('batch', 'site.yaml', '--serials', 'serials.txt', '--out', 'b1', '--prefix', 'pos');
    t.equal(made.status, 0, made.stderr);
    t.match(made.stdout, /^Batch [0-9a-f]{8} for the cluster "edge", 2 devices, in b1:/);
    t.match(made.stdout, /A new key was made: factory\.key\. Back it up/);
    t.equal(statSync(at('factory.key')).mode & 0o777, 0o600);
    const { devices, key } = JSON.parse(readFileSync(at('b1', 'devices.json'), 'utf8'));
    t.match(devices, [
      { name: 'pos-0001', serial: 'SN,1' },
      { name: 'pos-0002', serial: 'SN "2"' },
    ]);
    for (const { id, name, serial, fingerprint } of devices) {
      const file = at('b1', 'bundles', id, 'trivet.yaml');
      t.equal(statSync(file).mode & 0o777, 0o600);
      const text = readFileSync(file, 'utf8');
      checkPartialConfig(text, file);
      t.equal(withoutSecrets(text).kind, 'taken', 'a member can take the secret out of it');
      const { cluster, node } = parse(text);
      t.match(cluster, { name: 'edge', secret: '0123456789012345', weight: 3 });
      t.same(cluster.enrolment, { nodes: 9, vouchers: [older, key] });
      t.same(node, { name });
      t.match(parseVoucher(cluster.voucher), {
        id,
        name,
        serial,
        fingerprint,
        cluster: 'edge',
        kind: 'device',
      });
      const secret = cluster.voucher.split('.').at(-1);
      for (const other of ['devices.json', 'devices.csv', 'manifest.json', `labels/${id}.svg`])
        t.notOk(readFileSync(at('b1', other), 'utf8').includes(secret), `${other} is not secret`);
    }
    const [first] = devices;
    t.equal(
      readFileSync(at('b1', 'devices.csv'), 'utf8').split('\r\n')[1],
      `${first.id},pos-0001,"SN,1",${first.fingerprint}`,
    );
    t.match(readClaim(readFileSync(at('b1', 'claim.json'), 'utf8')), {
      manifest: { cluster: 'edge', devices },
    });
    t.equal(statSync(at('b1', 'claim.json')).mode & 0o777, 0o600);
    const verified = trivet('verify', 'b1', '--key', 'factory.pub');
    t.equal(verified.status, 0, verified.stderr);
    t.match(verified.stdout, /^b1 is in order: batch [0-9a-f]{8} for the cluster "edge", 2 devices/);
    const sums = [
      'pkeyutl',
      '-verify',
      '-pubin',
      '-inkey',
      'factory.pub',
      '-rawin',
      '-in',
      'b1/manifest.json',
    ];
    const openssl = spawnSync('openssl', [...sums, '-sigfile', 'b1/manifest.json.sig'], { cwd: at() });
    t.equal(openssl.status, 0, 'OpenSSL takes the signature');
  },
);

t.test('trivet factory batch overwrites nothing, and uses its key again', async (t) => {
  const { at, trivet } = stage(t);
  const make = (out: string) => trivet('batch', 'site.yaml', '--count', '1', '--out', out, '--json');
  const [one, two] = [JSON.parse(make('b1').stdout), JSON.parse(make('b2/').stdout)];
  t.same([one.keyFile.isNew, two.keyFile.isNew], [true, false]);
  t.equal(one.key, two.key);
  t.not(one.batch, two.batch);
  t.not(one.devices[0], two.devices[0]);
  const again = make('b1');
  t.equal(again.status, 1);
  t.match(again.stderr, /^trivet: b1 exists already, and a batch is never overwritten/);
  const file = make('site.yaml');
  t.equal(file.status, 1);
  t.match(file.stderr, /site\.yaml exists already/);
  t.same(
    readdirSync(at()).sort(),
    ['b1', 'b2', 'factory.key', 'factory.pub', ...Object.keys(recipes)].sort(),
  );
});

t.test('trivet factory verify finds what was changed', async (t) => {
  const { at, trivet } = stage(t);
  const { devices, batch } = JSON.parse(
    trivet('batch', 'site.yaml', '--count', '2', '--out', 'good', '--json').stdout,
  );
  const [a, b] = devices as [string, string];
  trivet('batch', 'site.yaml', '--count', '1', '--out', 'other', '--key', 'other.key');
  const changes: readonly (readonly [string, RegExp])[] = [
    ['manifest.json', /good-0\/manifest\.json is not to be believed: its signature does not fit/],
    ['devices.csv', /devices\.csv is not what was made from the manifest/],
    ['devices.json', /devices\.json is not what was made from the manifest/],
    [`labels/${a}.svg`, /labels\/\S+\.svg is not what was made from the manifest/],
    [`bundles/${a}/trivet.yaml`, /bundles\/\S+\/trivet\.yaml: cluster\.name is not edge/],
    ['claim.json', /claim\.json: its signature does not fit/],
  ];
  for (const [i, [file, message]] of changes.entries()) {
    cpSync(at('good'), at(`good-${i}`), { recursive: true });
    const text = readFileSync(at(`good-${i}`, file), 'utf8');
    // The name of the cluster, a digit of a fingerprint, or a module of a code.
    const changed = text.replace(/name: edge|[0-9a-f]\\?"|[0-9a-f]\r|1h1v1/, (part) =>
      part.replace('edge', 'edg3').replace(/^[0-9a-f]/, (digit) => (digit === '1' ? '2' : '1')),
    );
    t.not(changed, text, file);
    writeFileSync(at(`good-${i}`, file), changed);
    const { status, stderr } = trivet('verify', `good-${i}`);
    t.equal(status, 1, file);
    t.match(stderr, message, file);
  }
  cpSync(at('good', 'bundles', b, 'trivet.yaml'), at('good', 'bundles', a, 'trivet.yaml'));
  cpSync(at('good', 'labels', `${a}.svg`), at('good', 'labels', 'x.svg'));
  chmodSync(at('good', 'bundles', b, 'trivet.yaml'), 0o644);
  const { status, stdout } = trivet('verify', 'good', '--json');
  t.equal(status, 1);
  t.match(JSON.parse(stdout), { ok: false, batch });
  t.same(
    JSON.parse(stdout).problems.sort(),
    [
      `bundles/${a}/trivet.yaml: its voucher is that of another device (${b})`,
      `bundles/${b}/trivet.yaml can be read by others: chmod 600`,
      'labels/x.svg is in no list of this batch',
    ].sort(),
  );
  t.match(
    trivet('verify', 'other', '--key', 'factory.key').stderr,
    /signed with another key than the one given/,
  );
  t.match(trivet('verify', 'absent').stderr, /^trivet: absent is no batch/);
});

t.test('trivet factory answers wrong usage and recipes that do not fit', async (t) => {
  const { at, trivet } = stage(t);
  writeFileSync(at('rsa.key'), 'no key');
  for (const [words, exitCode, message] of [
    [['frob'], 2, /^trivet: trivet factory frob: it is batch RECIPE or verify DIRECTORY\.\n$/],
    [['batch'], 2, /^trivet: trivet factory batch needs a recipe\.\n$/],
    [['batch', 'site.yaml', '--count', '1'], 2, /needs --out DIR/],
    [['batch', 'site.yaml', '--out', 'x'], 2, /How many devices\?/],
    [['batch', 'site.yaml', '--out', 'x', '--count', 'many'], 2, /--count many: it must be a whole number/],
    [
      ['batch', 'site.yaml', '--out', 'x', '--serials', 'absent'],
      1,
      /serial numbers absent cannot be read: there is no such file/,
    ],
    [
      ['batch', 'image.yaml', '--out', 'x', '--count', '1'],
      1,
      /^trivet: image\.yaml names no cluster for the devices/,
    ],
    [
      ['batch', 'token.yaml', '--out', 'x', '--count', '1'],
      1,
      /give "secret", and neither "token" nor "voucher"/,
    ],
    [
      ['batch', 'site.yaml', '--out', 'x', '--count', '1', '--key', 'rsa.key'],
      1,
      /rsa\.key is not a private key in PEM/,
    ],
    [
      ['batch', 'site.yaml', '--out', 'x', '--count', '1', '--key', 'no/such.key'],
      1,
      /there is no such directory/,
    ],
    [['verify', 'x', '--key', 'rsa.key'], 1, /rsa\.key is no key in PEM/],
  ] as const) {
    const { status, stderr } = trivet(...words);
    t.equal(status, exitCode, words.join(' '));
    t.match(stderr, message);
  }
  t.notOk(readdirSync(at()).includes('x'));
});
