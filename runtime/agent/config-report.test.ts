import { writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { encodeCollected } from '../config/collect/collected.ts';
import { type ConfigPlaces, loadConfig } from '../config/load.ts';
import { memberFile, settingsFile } from '../config/member-file.ts';
import { reportConfig } from './config-report.ts';

/** A member whose cloud says its cluster. */
function makeMember(t: Test) {
  const home = t.testdir({});
  const [image, collected] = [path.join(home, 'config.yaml'), path.join(home, 'platform.json')];
  const places: ConfigPlaces = { image, bootPartition: null, collected, credentials: null };
  writeFileSync(image, JSON.stringify({ dataDirectory: home }));
  writeFileSync(memberFile(home), '{}');
  const says = (text: string): void =>
    writeFileSync(collected, encodeCollected({ place: 'EC2', sight: { kind: 'text', text }, tags: null }));
  const sets = (settings: object): void => writeFileSync(settingsFile(home), JSON.stringify(settings));
  return { places, says, sets };
}

function valueIn(report: ReturnType<typeof reportConfig>, key: string) {
  const found = report.values.find(({ path: at }) => at.join('.') === key);
  return [found?.value, found?.origin?.source ?? 'default'];
}

t.test('reportConfig takes no notice of a secret that goes or comes back', async (t) => {
  const { places, says } = makeMember(t);
  const [told, forgotten] = ['cluster: { name: edge, secret: 0123456789abcdef }', 'cluster: { name: edge }'];
  for (const [before, after] of [
    [told, forgotten],
    [forgotten, told],
  ] as const) {
    says(before);
    const inForce = loadConfig(places);
    says(after);
    t.equal(reportConfig(inForce, places).changed, false, after);
  }
  says(forgotten);
  const inForce = loadConfig(places);
  says('cluster: { name: edge, secret: 0123456789abcdef, weight: 1 }');
  t.equal(reportConfig(inForce, places).changed, true);
  says(told);
  const other = loadConfig(places);
  says('cluster: { name: edge, secret: fedcba9876543210 }');
  t.equal(reportConfig(other, places).changed, true, 'another secret');
});

t.test('reportConfig shows settings of the cluster that count at once, and that others wait', async (t) => {
  const { places, says, sets } = makeMember(t);
  says('cluster: { name: edge }');
  const inForce = loadConfig(places);
  sets({ 'roles.voters': 5 });
  const live = reportConfig(inForce, places);
  t.same([live.changed, valueIn(live, 'roles.voters')], [false, [5, 'cluster']]);
  sets({ 'roles.voters': 5, 'datastore.keepRevisions': 5_000 });
  const waits = reportConfig(inForce, places);
  t.equal(waits.changed, true);
  t.same(valueIn(waits, 'roles.voters'), [5, 'cluster']);
  t.same(valueIn(waits, 'datastore.keepRevisions'), [1_000_000, 'default']);
  const restarted = loadConfig(places);
  sets({});
  const unset = reportConfig(restarted, places);
  t.equal(unset.changed, true);
  t.same(valueIn(unset, 'roles.voters'), [3, 'default']);
  t.same(valueIn(unset, 'datastore.keepRevisions'), [5_000, 'cluster'], 'until its next start');
});
