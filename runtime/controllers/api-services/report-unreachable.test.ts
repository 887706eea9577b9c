import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { createLog } from '../../logging/log.ts';
import { resources } from '../client/places.ts';
import { fakeClock } from '../testing/fake-clock.ts';
import { openCluster } from '../testing/open-cluster.ts';
import { reportUnreachable } from './report-unreachable.ts';

const name = 'v1.things.io';
const place = { ...resources.apiServices, namespace: '', name };
const apiService: ApiObject = {
  ...{ kind: 'APIService', apiVersion: 'apiregistration.k8s.io/v1', metadata: { name } },
  spec: {
    ...{ group: 'things.io', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 },
    ...{ service: { namespace: 'default', name: 'things' }, insecureSkipTLSVerify: true },
  },
};

t.test('who was not reached is not available, unless it answers after all', async (t) => {
  const { client, server } = await openCluster(t);
  const made = await client.create(resources.apiServices, apiService);
  const clock = fakeClock();
  const checked: string[] = [];
  let why: string | null = null;
  const report = reportUnreachable({
    ...{ server, clock, log: createLog(() => {}, 'info') },
    check: async ({ metadata }) => {
      checked.push(metadata.name ?? '');
      return why;
    },
  });
  const available = async () => {
    const { status } = (await client.get(place)) as ApiObject & { status: { conditions: object[] } };
    return status.conditions[0];
  };
  const condition = { type: 'Available', status: 'True', reason: 'Passed', message: '' };
  await client.update(resources.apiServices, { ...made, status: { conditions: [condition] } }, 'status');
  await report(name);
  t.match(await available(), { status: 'True' }, 'it answers');
  why = 'gone';
  await report(name);
  t.match(await available(), { status: 'True' });
  t.equal(checked.length, 1, 'nobody asks again at once');
  await clock.advance(5_000);
  await report(name);
  t.match(await available(), { status: 'False', reason: 'FailedDiscoveryCheck', message: 'gone' });
  await clock.advance(5_000);
  await report(name);
  t.equal(checked.length, 2, 'what is not available is looked after already');
  await report('v1.none.io');
  t.equal(checked.length, 2);
});
