import t from 'tap';
import { parse } from 'yaml';
import { configSchema } from '../../runtime/config/schema.ts';
import { parseRecipe } from '../recipe/parse.ts';
import { derivedUuid, planImage } from './plan.ts';

const operatorKey =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEn11DAC7XhdjaLkxq/KtROEpiQhLuc1zDJivLDNkCfOVjde/J+fi7yPQ4maCYknInwsUtQeujmIVbclFlNXc3ug==';

const recipe = `name: edge
architecture: x86_64
target: cloud
packages: [zlib1g, chrony]
kernel: { commandLine: " mitigations=off " }
cluster:
  name: lab
  secret: 0123456789abcdef
agent:
  discovery: { addresses: [192.0.2.11] }
`;

t.test('planImage names the image by recipe and version', async (t) => {
  const plan = planImage(parseRecipe(recipe, 'r.yaml'), '9.9');
  t.equal(plan.fileName, 'trivet-edge-9.9');
  t.equal(planImage(parseRecipe(`${recipe}version: "1.2"\n`, 'r.yaml'), '9.9').fileName, 'trivet-edge-1.2');
  t.same(plan.extraPackages, ['chrony', 'zlib1g'], 'in an order of its own');
});

t.test('planImage makes a configuration that the agent accepts, of just what the recipe says', async (t) => {
  const plan = planImage(parseRecipe(recipe, 'r.yaml'), '9.9');
  const configuration = parse(plan.configuration);
  t.same(configuration, {
    cluster: { name: 'lab', secret: '0123456789abcdef' },
    discovery: { addresses: ['192.0.2.11'] },
  });
  t.ok(configSchema.safeParse(configuration).success);
});

t.test('planImage puts the serial console last and the recipe’s words behind', async (t) => {
  const { commandLine } = planImage(parseRecipe(recipe, 'r.yaml'), '9.9');
  const consoles = commandLine.split(' ').filter((word) => word.startsWith('console='));
  t.same(consoles, ['console=tty0', 'console=ttyS0']);
  t.match(commandLine, / panic=10 .* mitigations=off$/);
});

t.test('planImage gives a slot room for its hash tree', async (t) => {
  for (const [slot, verity] of [
    ['64M', 2],
    ['192M', 3],
    ['2G', 22],
  ] as const) {
    const plan = planImage(parseRecipe(`${recipe}sizes: { slot: ${slot} }\n`, 'r.yaml'), '9.9');
    t.equal(plan.verityBytes, verity * 2 ** 20, slot);
  }
});

t.test('planImage lets the agent open the consoles that the recipe names, and no other device', async (t) => {
  const withConsole = recipe.replace('agent:\n', 'agent:\n  admin: { consoles: [/dev/hvc0, /dev/ttyS1] }\n');
  const dropIns = (text: string) =>
    planImage(parseRecipe(text, 'r.yaml'), '9.9').settings.filter(({ path }) =>
      path.includes('trivet.service.d/'),
    );
  t.match(dropIns(withConsole), [
    { content: '[Service]\nDeviceAllow=/dev/hvc0 rw\nDeviceAllow=/dev/ttyS1 rw\n' },
  ]);
  t.same(dropIns(recipe), []);
});

t.test('planImage is a pure function of the recipe', async (t) => {
  t.same(planImage(parseRecipe(recipe, 'r.yaml'), '9.9'), planImage(parseRecipe(recipe, 'r.yaml'), '9.9'));
});

t.test('derivedUuid differs by its text and says it is derived', async (t) => {
  t.match(derivedUuid('a'), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  t.equal(derivedUuid('a'), derivedUuid('a'));
  t.not(derivedUuid('a'), derivedUuid('b'));
});

t.test('planImage writes what the recipe sets for the system', async (t) => {
  const more = `hostname: edge-{id}
time: { servers: [time.example.net] }
data: { maxSize: 4G }
network: { dns: [192.0.2.53] }
`;
  const { settings } = planImage(parseRecipe(`${recipe}${more}`, 'r.yaml'), '9.9');
  t.same(Object.fromEntries(settings.map(({ path, content }) => [path, content])), {
    '/usr/lib/trivet/hostname': 'edge-{id}\n',
    '/usr/lib/systemd/timesyncd.conf.d/recipe.conf': '[Time]\nNTP=time.example.net\n',
    '/usr/lib/systemd/resolved.conf.d/recipe.conf': '[Resolve]\nDNS=192.0.2.53\n',
    '/usr/lib/repart.d/50-data.conf.d/recipe.conf': `[Partition]\nSizeMaxBytes=${4 * 2 ** 30}\n`,
  });
  const plain = planImage(parseRecipe(recipe, 'r.yaml'), '9.9').settings;
  t.same(plain, [{ path: '/usr/lib/trivet/hostname', content: 'trivet-{id}\n' }]);
});

t.test('planImage names the image of each architecture where there are several', async (t) => {
  const both = recipe
    .replace('architecture: x86_64', 'architecture: [x86_64, arm64]')
    .replace('target: cloud', 'target: generic');
  const parsed = parseRecipe(both, 'r.yaml');
  t.equal(planImage(parsed, '1', 'arm64').fileName, 'trivet-edge-arm64-1');
  t.equal(planImage(parsed, '1').name, 'edge-x86_64', 'an update of one does not fit the other');
  t.same(planImage(parsed, '1', 'arm64').architecture.name, 'arm64');
});

t.test('planImage adds what Wi-Fi needs, and only then', async (t) => {
  const pi = recipe
    .replace('architecture: x86_64', 'architecture: arm64')
    .replace('target: cloud', 'target: raspberry-pi');
  const wifi = 'network: { wifi: { country: DE, networks: [{ ssid: home }] } }\n';
  const plan = planImage(parseRecipe(`${pi}${wifi}`, 'r.yaml'), '1');
  t.ok(plan.extraPackages.includes('wpasupplicant'));
  t.ok(plan.extraModules.includes('brcmfmac-wcc'), 'which the driver asks for by name');
  t.same(
    plan.links.map(({ path }) => path.split('/').slice(-2).join('/')),
    [
      'firmware/regulatory.db',
      'firmware/regulatory.db.p7s',
      'sys-subsystem-net-devices-wlan0.device.wants/wpa_supplicant@wlan0.service',
    ],
  );
  t.same(plan.components, ['main', 'non-free-firmware']);
  const without = planImage(parseRecipe(pi, 'r.yaml'), '1');
  t.notOk(without.extraPackages.includes('wpasupplicant'));
  t.same(without.links, []);
});

t.test('planImage adds what encrypted data needs, and only then', async (t) => {
  const text = `${recipe}operators: [{ name: ada, key: ${operatorKey} }]\n`;
  const plain = planImage(parseRecipe(text, 'r.yaml'), '1');
  const encrypted = planImage(parseRecipe(`${text}data: { encrypt: tpm2 }\n`, 'r.yaml'), '1');
  t.equal(encrypted.dataEncryption, 'tpm2');
  t.notOk(Object.hasOwn(plain, 'dataEncryption'), 'other images are named as before');
  const added = encrypted.basePackages.filter((name) => !plain.basePackages.includes(name));
  t.same(added[0], 'systemd-cryptsetup');
  t.ok(added.slice(1).every((name) => name.startsWith('libtss2-')));
  const list = encrypted.settings.find(({ path }) => path === '/usr/lib/trivet/recovery-operators.json');
  t.same(JSON.parse(list!.content), [{ name: 'ada', key: operatorKey }]);
  t.equal(encrypted.settings.length, plain.settings.length + 1);
});
