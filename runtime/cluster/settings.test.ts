import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import type { ConfigInForce } from '../config/cluster-settings.ts';
import { configSchema } from '../config/schema.ts';
import { createLog } from '../logging/log.ts';
import type { MemberContext } from './member-context.ts';
import { type SettingsParams, serveSettings } from './settings.ts';
import { openSettingsKeeper } from './settings-keeper.ts';

interface Operation {
  readonly value: Uint8Array;
}

/** A leader whose datastore is one value; `lost` changes are overtaken by others. */
function makeLeader(text: string | null, lost = 0, role = 'leader') {
  let [stored, revision, writes] = [text, text === null ? 0 : 7, 0];
  const heard: string[] = [];
  const view = {
    get: () => (stored === null ? null : { value: Buffer.from(stored), modifyRevision: revision }),
  };
  const context = {
    replica: { machine: { view }, status: () => ({ role }) },
    log: createLog(() => {}),
    settings: { hear: (said: string) => heard.push(said) },
    store: {
      transact: async ({ compare, success }: { compare: { is: number }[]; success: Operation[] }) => {
        writes += 1;
        if (writes <= lost) revision += 1;
        if (compare[0]!.is !== revision || writes <= lost) return { succeeded: false };
        stored = Buffer.from(success[0]!.value).toString('utf8');
        revision += 1;
        return { succeeded: true };
      },
    },
  } as unknown as MemberContext;
  const serve = (params: SettingsParams) => serveSettings(context, params);
  return { serve, heard, stored: () => stored, writes: () => writes };
}

t.test('serveSettings keeps what a newer version has set, and says that it does not know it', async (t) => {
  const { serve, stored, heard } = makeLeader('{"of.a.newer.version":true,"roles.voters":3}', 2);
  const { settings } = await serve({ action: 'set', key: 'roles.voters', value: 5 });
  t.same(settings, [
    { key: 'of.a.newer.version', value: true, takes: null },
    { key: 'roles.voters', value: 5, takes: 'now' },
  ]);
  t.equal(stored(), '{"of.a.newer.version":true,"roles.voters":5}');
  t.same(heard, [stored()], 'it counts on the leader at once');
  await serve({ action: 'unset', key: 'of.a.newer.version' });
  t.equal(stored(), '{"roles.voters":5}');
});

t.test('serveSettings writes nothing of what it refuses', async (t) => {
  const leader = makeLeader(null);
  const refused: readonly (readonly [SettingsParams, RegExp])[] = [
    [{ action: 'set', key: 'roles.voters', value: 4 }, /roles\.voters: must be odd.*Nothing was changed/],
    [{ action: 'set', key: 'roles.voters', value: null }, /roles\.voters: /],
    [
      { action: 'set', key: 'cluster.secret', value: 'a secret, long enough' },
      /keeps no setting "cluster\.secret"/,
    ],
    [{ action: 'unset', key: 'roles.voters' }, /roles\.voters is not set in the cluster/],
    [
      { action: 'set', key: 'cluster.enrolment.serials', value: Array(600).fill('x'.repeat(40)) },
      /too long: all settings have/,
    ],
  ];
  for (const [params, message] of refused) await t.rejects(leader.serve(params), message);
  t.same([leader.writes(), leader.stored()], [0, null]);
  await t.rejects(
    makeLeader(null, 99).serve({ action: 'set', key: 'roles.voters', value: 5 }),
    /nothing was done/,
  );
});

t.test('serveSettings is the leader’s: another node may not know how things are', async (t) => {
  const { serve, heard } = makeLeader('{"roles.voters":3}', 0, 'follower');
  await t.rejects(serve({ action: 'list' }), { code: 'notLeader' });
  t.same(heard, []);
});

function keep(t: Test, directory = t.testdir({})) {
  const base = configSchema.parse({
    ...{ dataDirectory: directory, roles: { voters: 3, standbys: 0 } },
    cluster: { name: 'edge', secret: '0123456789abcdef' },
  });
  const config: ConfigInForce = { ...base, base };
  return {
    keeper: openSettingsKeeper(
      config,
      createLog(() => {}),
    ),
    file: path.join(directory, 'settings.json'),
  };
}

t.test('openSettingsKeeper follows the leader, and keeps its words as they are', async (t) => {
  const { keeper, file } = keep(t);
  keeper.hear('{}');
  t.notOk(existsSync(file), 'nothing is set');
  const said = '{"of.a.newer.version":1,"roles.standbys":1,"roles.voters":8}';
  keeper.hear(said);
  t.same(keeper.now.roles, { voters: 3, standbys: 1 });
  t.equal(readFileSync(file, 'utf8'), said);
  for (const nonsense of ['', '[]', '{', 'null']) keeper.hear(nonsense);
  t.same(keeper.now.roles, { voters: 3, standbys: 1 });
  keeper.hear('{}');
  t.same(keeper.now.roles, { voters: 3, standbys: 0 });
  t.equal(readFileSync(file, 'utf8'), '{}');
});

t.test('openSettingsKeeper goes by settings that cannot be kept', async (t) => {
  const directory = t.testdir({});
  const { keeper, file } = keep(t, directory);
  mkdirSync(`${file}.new`);
  keeper.hear('{"roles.standbys":1}');
  t.equal(keeper.now.roles.standbys, 1);
});
