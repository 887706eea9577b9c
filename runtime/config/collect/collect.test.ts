import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { collectConfig, writeCollected } from './collect.ts';
import { decodeCollected } from './collected.ts';
import type { Cloud } from './platform.ts';
import {
  type Fault,
  type Instance,
  type MetadataServerOptions,
  startMetadataServer,
} from './testing/metadata-server.ts';
import { dmiOf, writeDmi } from './testing/platform.ts';

t.setTimeout(120_000);
const configuration = '#trivet\ncluster: { name: edge, secret: 0123456789abcdef }\n';
const clouds = ['ec2', 'gce', 'azure', 'openstack'] as const;

interface Story {
  readonly cloud: Cloud;
  readonly instance?: Instance;
  readonly server?: MetadataServerOptions;
  readonly dmi?: Cloud | 'none';
  readonly limitMilliseconds?: number;
}

async function tell(t: Test, { cloud, instance, server: options, dmi, limitMilliseconds }: Story) {
  const server = await startMetadataServer(
    cloud,
    instance ?? { userData: Buffer.from(configuration) },
    options,
  );
  t.teardown(() => server.close());
  const directory = t.testdir({});
  writeDmi(directory, dmiOf[dmi ?? cloud]);
  const places = {
    ...{ dmi: directory, labels: path.join(directory, 'none'), mountPoint: path.join(directory, 'mount') },
    metadataBase: server.base,
  };
  const startedAt = performance.now();
  const collected = await collectConfig(places, limitMilliseconds ?? 2_000);
  return { collected, requests: server.requests, milliseconds: performance.now() - startedAt };
}

for (const cloud of clouds) {
  t.test(`collectConfig takes the user data of ${cloud}`, async (t) => {
    const plain = await tell(t, { cloud });
    t.same(plain.collected.sight, { kind: 'text', text: configuration });
    const packed = await tell(t, { cloud, instance: { userData: gzipSync(configuration) } });
    t.same(packed.collected.sight, { kind: 'text', text: configuration });
  });

  t.test(`collectConfig says when ${cloud} has nothing for Trivet`, async (t) => {
    const none = await tell(t, { cloud, instance: { userData: null } });
    t.match(none.collected.sight, { kind: 'nothing', note: /no configuration for Trivet: it is empty/ });
    const script = await tell(t, { cloud, instance: { userData: Buffer.from('#!/bin/sh\necho hello\n') } });
    t.match(script.collected.sight, { kind: 'nothing', note: /begins with "#!\/bin\/sh"/ });
  });
}

const tagged = { 'trivet-peers': '192.0.2.1, node.example:7000', 'trivet-cluster': 'edge', other: 'x' };
const zones = { ec2: 'eu-central-1b', gce: 'europe-west3-a', azure: 'westeurope-2', openstack: 'nova' };

for (const cloud of clouds) {
  t.test(`collectConfig takes the tags and the zone of ${cloud} as hints`, async (t) => {
    const instance = { userData: null, tags: tagged };
    const { collected } = await tell(t, { cloud, instance });
    t.match(collected.tags, {
      ...{ peers: ['192.0.2.1', 'node.example:7000'], cluster: 'edge', zone: zones[cloud], problems: [] },
      place: /^tags of (EC2|GCE|Azure|OpenStack) \(/,
    });
    const none = await tell(t, { cloud, instance: { userData: Buffer.from(configuration), zone: null } });
    t.match(none.collected, {
      sight: { kind: 'text' },
      tags: { peers: [], cluster: null, zone: null, problems: [] },
    });
  });
}

t.test('collectConfig keeps a configuration whose hints cannot be had', async (t) => {
  for (const [cloud, path] of [
    ['ec2', '/latest/meta-data/tags'],
    ['gce', '/computeMetadata/v1/instance/zone'],
  ] as const) {
    for (const fault of [403, 500, 'cut', 'endless'] as const) {
      const { collected } = await tell(t, { cloud, server: { faults: [{ path, fault }] } });
      t.match(collected, { sight: { kind: 'text', text: configuration }, tags: null }, `${cloud} ${fault}`);
    }
  }
});

t.test('collectConfig names the instance', async (t) => {
  const place = async (cloud: Cloud): Promise<string> => (await tell(t, { cloud })).collected.place;
  t.equal(await place('ec2'), 'user data of EC2 (i-0123456789abcdef0, ip-10-0-0-7.ec2.internal)');
  t.equal(await place('gce'), 'user data of GCE (1234567890123456789, one.c.project.internal)');
  t.equal(await place('azure'), 'user data of Azure (02aab8a4-74ef-476e-8182-f6d2ba4166a6, one-computer)');
  t.equal(
    await place('openstack'),
    'user data of OpenStack (83679162-1378-4288-a2d4-70e13ec132aa, one.novalocal)',
  );
});

t.test('collectConfig begins with a token on EC2, and asks nothing without one', async (t) => {
  const { requests } = await tell(t, { cloud: 'ec2' });
  t.equal(requests[0], 'PUT /latest/api/token');
  const off = await tell(t, {
    cloud: 'ec2',
    server: { faults: [{ path: '/latest/api/token', fault: 403 }] },
  });
  t.same(off.requests, ['PUT /latest/api/token'], 'there is no falling back to version 1');
  t.match(off.collected.sight, {
    problem:
      'EC2 metadata: 403 (is the metadata service switched off for this instance?) for /latest/api/token',
  });
  const old = await tell(t, {
    cloud: 'ec2',
    server: { faults: [{ path: '/latest/user-data', fault: 401 }] },
  });
  t.match(old.collected.sight, {
    problem: 'EC2 metadata: 401 (the token is not accepted) for /latest/user-data',
  });
});

t.test('collectConfig takes the attribute of GCE that is for Trivet first', async (t) => {
  const userData = Buffer.from('#!/bin/sh\n');
  const unmarked = 'cluster: { name: own, secret: 0123456789abcdef }\n';
  const { collected } = await tell(t, { cloud: 'gce', instance: { userData, trivetConfig: unmarked } });
  t.same(collected.sight, { kind: 'text', text: unmarked });
});

t.test('collectConfig believes no server that does not speak as GCE’s does', async (t) => {
  const { collected } = await tell(t, { cloud: 'openstack', dmi: 'gce' });
  t.match(collected.sight, { kind: 'unreadable', problem: /without the header metadata-flavor: Google/ });
});

t.test('collectConfig asks nobody where the firmware names no cloud', async (t) => {
  const { collected, requests, milliseconds } = await tell(t, { cloud: 'ec2', dmi: 'none' });
  t.equal(collected.sight.kind, 'away');
  t.same(requests, []);
  t.ok(milliseconds < 500, `${milliseconds} ms`);
});

t.test('collectConfig tries again what passes', async (t) => {
  const passing: readonly Fault[] = [503, 429, 500, 'cut', 'garbage'];
  for (const fault of passing) {
    const faults = [{ path: '/openstack/latest/user_data', fault, times: 2 }];
    const { collected, requests } = await tell(t, { cloud: 'openstack', server: { faults } });
    t.equal(collected.sight.kind, 'text', String(fault));
    t.equal(requests.filter((request) => request.includes('user_data')).length, 3);
  }
});

t.test('collectConfig ends in time, and says what was wrong', async (t) => {
  const cases: readonly (readonly [Fault, RegExp])[] = [
    ['hang', /OpenStack metadata: no complete answer in time for \/openstack\/latest\/meta_data\.json/],
    ['drip', /no complete answer in time/],
    [503, /503 \(a fault of the server\)/],
  ];
  for (const [fault, problem] of cases) {
    const faults = [{ path: '/', fault }];
    const { collected, milliseconds } = await tell(t, {
      cloud: 'openstack',
      server: { faults },
      limitMilliseconds: 900,
    });
    t.match(collected.sight, { kind: 'unreadable', problem });
    t.ok(milliseconds < 2_000, `${fault}: ${milliseconds} ms`);
  }
});

t.test('collectConfig gives up at once on what does not pass', async (t) => {
  const cases: readonly (readonly [Fault, RegExp])[] = [
    [302, /302 \(a redirect, which is not followed\)/],
    [405, /405 for/],
    ['endless', /more than 256 KiB/],
  ];
  for (const cloud of clouds) {
    for (const [fault, problem] of cases) {
      // GCE's servers name themselves in every answer, and these do not.
      if (cloud === 'gce') continue;
      const { collected, requests } = await tell(t, { cloud, server: { faults: [{ path: '/', fault }] } });
      t.match(collected.sight, { kind: 'unreadable', problem }, `${cloud} ${fault}`);
      t.equal(requests.length, 1);
    }
  }
});

t.test('collectConfig reads no headers without end', async (t) => {
  const { collected } = await tell(t, {
    ...{ cloud: 'openstack', server: { faults: [{ path: '/', fault: 'headers' }] }, limitMilliseconds: 600 },
  });
  t.match(collected.sight, { kind: 'unreadable', problem: /no answer \(HPE_HEADER_OVERFLOW\)/ });
});

t.test('collectConfig says that a disk cannot be mounted', async (t) => {
  const directory = t.testdir({ 'by-label': { CIDATA: 'no disk' } });
  const places = {
    dmi: directory,
    labels: path.join(directory, 'by-label'),
    mountPoint: path.join(directory, 'm'),
  };
  const { place, sight } = await collectConfig({ ...places, metadataBase: 'http://127.0.0.1:9' }, 300);
  t.equal(place, 'user data of NoCloud');
  t.match(sight, { kind: 'unreadable', problem: /by-label\/CIDATA cannot be mounted: / });
});

t.test('writeCollected replaces a file that only root may read', async (t) => {
  const file = path.join(t.testdir({}), 'config/platform.json');
  mkdirSync(path.dirname(file));
  const tags = { place: 'tags of EC2', peers: ['192.0.2.1'], cluster: 'edge', zone: 'a', problems: [] };
  const collected = { place: 'user data of EC2', sight: { kind: 'text', text: 'ü' }, tags } as const;
  writeCollected(file, collected);
  t.same(decodeCollected(readFileSync(file, 'utf8')), collected);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.notOk(existsSync(`${file}.new`));
});
