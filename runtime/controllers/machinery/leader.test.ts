import t from 'tap';
import { ApiError } from '../../apiserver/status.ts';
import { createLog } from '../../logging/log.ts';
import type { ApiClient } from '../client/api-client.ts';
import { fakeClock, settle } from '../testing/fake-clock.ts';
import { openCluster } from '../testing/open-cluster.ts';
import { standForLeader } from './leader.ts';

const lease = { namespace: 'kube-system', name: 'l' };

/** Requests that are not answered yet, of all candidates. */
const asked = new Set<Promise<unknown>>();

function noted<T>(answer: Promise<T>): Promise<T> {
  const end = answer.catch(() => {}).finally(() => asked.delete(end));
  asked.add(end);
  return answer;
}

/** A candidate on a clock of the test's; `cut` takes the API from it. */
function candidate(client: ApiClient, clock: ReturnType<typeof fakeClock>, identity: string) {
  let isCut = false;
  let isMute = false;
  let leads = false;
  const reached = async (): Promise<void> => {
    if (isMute) await new Promise(() => {});
    if (isCut) throw new ApiError('ServiceUnavailable', 'no leader');
  };
  const own: ApiClient = {
    ...client,
    find: (place) => reached().then(() => noted(client.find(place))),
    create: (of, object) => reached().then(() => noted(client.create(of, object))),
    update: (of, object, part) => reached().then(() => noted(client.update(of, object, part))),
  };
  const stop = new AbortController();
  const lead = async (signal: AbortSignal): Promise<void> => {
    leads = true;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    leads = false;
  };
  const random = (): number => 0.5;
  const log = createLog(() => {});
  const done = standForLeader({
    client: own,
    lease,
    identity,
    clock,
    random,
    log,
    lead,
    signal: stop.signal,
  });
  return {
    leads: () => leads,
    cut: () => {
      isCut = true;
    },
    mute: (answers: boolean) => {
      isMute = !answers;
    },
    stop: async () => {
      stop.abort();
      await done;
    },
  };
}

t.test(
  'standForLeader has one leader at a time, and another within ten seconds when it is cut off',
  async (t) => {
    const { client } = await openCluster(t);
    const clock = fakeClock();
    const candidates = ['a', 'b', 'c'].map((identity) => candidate(client, clock, identity));
    const leaders = () => candidates.filter(({ leads }) => leads());
    /** In small steps: what is asked of the API is answered between them. */
    const pass = async (seconds: number): Promise<void> => {
      for (let step = 0; step < seconds * 4; step += 1) {
        await clock.advance(250);
        while (asked.size > 0) {
          await Promise.all(asked);
          await settle();
        }
        if (leaders().length > 1) t.fail('two lead at a time');
      }
    };
    await pass(3);
    const [first] = leaders();
    t.ok(first);
    await pass(20);
    t.equal(leaders()[0], first, 'a leader that renews stays');
    first?.cut();
    await pass(6);
    t.notOk(first?.leads(), 'who cannot renew stops');
    await pass(6);
    const [second] = leaders();
    t.ok(second && second !== first);
    await second?.stop();
    await pass(3);
    const [third] = leaders();
    t.ok(third && third !== second && third !== first, 'who gives up lets the next one at once');
    await Promise.all(candidates.map(({ stop }) => stop()));
    t.same(leaders(), []);
  },
);

t.test('standForLeader outlives a server that answers nothing', async (t) => {
  const { client } = await openCluster(t);
  const clock = fakeClock();
  const one = candidate(client, clock, 'a');
  const passUntil = async (seconds: number, leads: boolean): Promise<void> => {
    for (let step = 0; step < seconds * 4 && one.leads() !== leads; step += 1) {
      await clock.advance(250);
      while (asked.size > 0) {
        await Promise.all(asked);
        await settle();
      }
    }
    t.equal(one.leads(), leads);
  };
  await passUntil(3, true);
  one.mute(false);
  await passUntil(6, false);
  one.mute(true);
  await passUntil(15, true);
  one.mute(false);
  await clock.advance(10_000);
  await one.stop();
  t.notOk(one.leads());
});
