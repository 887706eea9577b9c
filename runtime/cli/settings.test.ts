import t from 'tap';
import { formatChange, formatSettings, readValue, settingsCommand } from './settings.ts';

/** tap's types want an error of whatever is matched. */
const usage = (message: RegExp) => ({ exitCode: 2, message }) as object as Error;

t.test('readValue reads a value as a configuration would have it', async (t) => {
  t.equal(readValue('roles.voters', '5'), 5);
  t.equal(readValue('cluster.certificateHours', '0.5'), 0.5);
  t.same(readValue('cluster.enrolment.serials', '[A-1, "7"]'), ['A-1', '7']);
});

t.test('readValue refuses with the words that a configuration is refused with', async (t) => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['roles.voters', '4', /^roles\.voters: must be odd: .* Nothing was changed\.$/],
    ['roles.voters', 'five', /^roles\.voters: must be a number, not the text "five"/],
    ['roles.voters', '', /^roles\.voters: must be a number, not empty/],
    ['roles.standbys', '8', /^roles\.standbys: must be at most 7/],
    ['cluster.enrolment.serials', '7', /^cluster\.enrolment\.serials: must be a list/],
    ['roles.voters', '[', /^roles\.voters: this is not YAML/],
    ['roles.vaters', '5', /did you mean "roles\.voters"\?/],
    ['node.name', 'x', /each machine's own/],
    ['cluster.secret', 'a secret that is long enough', /the cluster keeps no setting "cluster\.secret"/],
  ];
  for (const [key, written, message] of cases)
    t.throws(() => readValue(key, written), usage(message), key + written);
});

t.test('settingsCommand says how it is used before it asks anybody', async (t) => {
  const options = { socket: '/nowhere', json: false };
  await t.rejects(settingsCommand('set', ['roles.voters'], options), usage(/config set KEY VALUE/));
  await t.rejects(settingsCommand('unset', [], options), usage(/config unset KEY/));
  await t.rejects(settingsCommand('settings', ['x'], options), usage(/Usage: trivet config settings/));
  await t.rejects(settingsCommand('settings', [], options), /No agent answers at \/nowhere/);
});

t.test('the texts say when a setting counts', async (t) => {
  const settings = [
    { key: 'roles.voters', value: 5, takes: 'now' },
    { key: 'datastore.keepRevisions', value: 5_000, takes: 'nextStart' },
    { key: 'of.a.newer.version', value: ['a', { b: 1 }], takes: null },
  ] as const;
  t.equal(formatChange({ settings }, 'roles.voters'), 'roles.voters is 5 in the whole cluster now.\n');
  t.match(formatChange({ settings }, 'datastore.keepRevisions'), /each node takes it at its next start/);
  t.match(
    formatChange({ settings: [] }, 'roles.voters'),
    /not set in the cluster any more: .* from now on\.\n/,
  );
  t.match(formatChange({ settings: [] }, 'datastore.keepRevisions'), /from its next start on/);
  t.equal(
    formatSettings({ settings }),
    `roles.voters: 5
datastore.keepRevisions: 5000  # taken at the next start of each node
of.a.newer.version: [ a, { b: 1 } ]  # not known to this version: kept, and left alone
`,
  );
  t.match(formatSettings({ settings: [] }), /^The cluster keeps no settings\. There are: roles\.voters, /);
});
