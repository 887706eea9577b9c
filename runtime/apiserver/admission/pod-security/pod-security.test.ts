import t from 'tap';
import type { Asked } from '../plugin.ts';
import { ask, readsOf, refusal } from '../testing/ask.ts';
import { inDetail, violationsOf } from './evaluate.ts';
import { formatLevel, type Level, policyOf } from './levels.ts';
import { podSecurity } from './pod-security.ts';
import { podOf } from './templates.ts';

const latest = Number.POSITIVE_INFINITY;
const prefix = 'pod-security.kubernetes.io/';

const said = (level: Level, spec: object, version = latest, annotations: object = {}): string => {
  const containers = [{ name: 'c', image: 'i' }];
  const pod = podOf({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { annotations },
    spec: { containers, ...spec },
  });
  return inDetail(violationsOf(pod, { level, version }));
};
const secured = (securityContext: object, ...others: object[]) => ({
  containers: [{ name: 'a', securityContext }, ...others],
});
const hardened = {
  ...{ allowPrivilegeEscalation: false, runAsNonRoot: true },
  ...{ capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } },
};

t.test('the baseline level', async (t) => {
  const table: readonly (readonly [object, string])[] = [
    [{}, ''],
    [{ hostNetwork: true, hostIPC: true }, 'host namespaces (hostIPC, hostNetwork)'],
    [{ volumes: [{ name: 'v', hostPath: { path: '/' } }] }, 'hostPath volumes (volume "v")'],
    [
      {
        containers: [
          { name: 'a', ports: [{ hostPort: 80 }, { hostPort: 9 }] },
          { name: 'b', ports: [{ hostPort: 80 }] },
        ],
      },
      'hostPort (containers "a", "b" use hostPorts 80, 9)',
    ],
    [
      secured({ privileged: true }),
      'privileged (container "a" must not set securityContext.privileged=true)',
    ],
    [
      secured({ procMount: 'Unmasked' }),
      'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
    ],
    [
      secured({ capabilities: { add: ['NET_ADMIN', 'CHOWN'] } }),
      'non-default capabilities (container "a" must not include "NET_ADMIN" in securityContext.capabilities.add)',
    ],
    [
      {
        ...secured({ seLinuxOptions: { type: 'x', user: 'u' } }),
        securityContext: { seLinuxOptions: { role: 'r' } },
      },
      'seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions: type "x"; user may not be set; role may not be set)',
    ],
    [
      {
        ...secured({ seccompProfile: { type: 'Unconfined' } }),
        securityContext: { seccompProfile: { type: 'Unconfined' } },
      },
      'seccompProfile (pod and container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      secured({ appArmorProfile: { type: 'Unconfined' } }),
      'forbidden AppArmor profile (container "a" must not set AppArmor profile type to "Unconfined")',
    ],
    [
      { securityContext: { sysctls: [{ name: 'kernel.msgmax' }, { name: 'net.ipv4.tcp_rmem' }] } },
      'forbidden sysctls (kernel.msgmax)',
    ],
    [
      secured({ windowsOptions: { hostProcess: true } }),
      'hostProcess (container "a" must not set securityContext.windowsOptions.hostProcess=true)',
    ],
  ];
  for (const [spec, expected] of table) t.equal(said('baseline', spec), expected);
  t.equal(said('privileged', { hostNetwork: true }), '');
  t.match(
    said('baseline', { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem' }] } }, 31),
    /tcp_rmem/,
  );
  const old = { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' };
  t.match(
    said('baseline', {}, 18, old),
    /forbidden annotation seccomp.security.alpha.kubernetes.io\/pod="unconfined"/,
  );
  t.equal(said('baseline', {}, 19, old), '');
});

t.test('the restricted level', async (t) => {
  t.equal(
    said('restricted', {}),
    'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), ' +
      'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), ' +
      'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), ' +
      'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  );
  t.equal(said('restricted', secured(hardened)), '');
  t.equal(
    said('restricted', secured({ ...hardened, runAsUser: 0 })),
    'runAsUser=0 (container "a" must not set runAsUser=0)',
  );
  t.equal(said('restricted', secured({ ...hardened, runAsUser: 0 }), 22), '');
  t.equal(
    said('restricted', {
      ...secured(hardened),
      volumes: [
        { name: 'n', nfs: {} },
        { name: 'h', hostPath: {} },
        { name: 's', secret: {} },
      ],
    }),
    'restricted volume types (volumes "n", "h" use restricted volume types "hostPath", "nfs")',
  );
  t.match(
    said('restricted', secured({ ...hardened, runAsNonRoot: false })),
    /container "a" must not set securityContext.runAsNonRoot=false/,
  );
  const windows = { os: { name: 'windows' }, securityContext: { runAsNonRoot: true } };
  t.equal(said('restricted', windows), '');
  t.match(said('restricted', windows, 24), /allowPrivilegeEscalation/);
});

t.test('policyOf reads labels', async (t) => {
  const read = (labels: Record<string, string>) => {
    const { of } = policyOf(
      Object.fromEntries(Object.entries(labels).map(([key, value]) => [prefix + key, value])),
    );
    return [of.enforce, of.audit, of.warn].map(formatLevel).join(' ');
  };
  t.equal(read({}), 'privileged:latest privileged:latest privileged:latest');
  t.equal(
    read({ enforce: 'baseline', 'enforce-version': 'v1.24' }),
    'baseline:v1.24 privileged:latest baseline:v1.24',
  );
  t.equal(read({ enforce: 'no' }), 'restricted:latest privileged:latest restricted:latest');
  t.equal(
    read({ warn: 'restricted', audit: 'baseline' }),
    'privileged:latest baseline:latest restricted:latest',
  );
  t.equal(
    read({ warn: 'no', 'warn-version': '1.2' }),
    'privileged:latest privileged:latest privileged:latest',
  );
});

t.test('podSecurity refuses pods, warns of workloads, and of pods that are there', async (t) => {
  const labelled = (labels: Record<string, string>) => ({
    metadata: {
      labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [prefix + key, value])),
    },
  });
  const bad = { metadata: {}, spec: { hostPID: true, containers: [{ name: 'c', image: 'i' }] } };
  const plugin = podSecurity(
    readsOf({
      'namespaces d': labelled({ enforce: 'baseline' }),
      'namespaces w': labelled({ warn: 'baseline' }),
      'pods d/b': bad,
      'pods d/a': bad,
    }),
  );
  const run = async (asked: Asked) => {
    const warnings: string[] = [];
    const error = await refusal(
      (async () => plugin.validate?.({ ...asked, warn: (sentence) => warnings.push(sentence) }))(),
    );
    return { error, warnings };
  };
  t.same(await run(ask('pods', bad)), {
    error: 'pods "x" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID)',
    warnings: [],
  });
  const warning = 'would violate PodSecurity "baseline:latest": host namespaces (hostPID)';
  t.same(await run(ask('pods', bad, { namespace: 'w' })), { error: '', warnings: [warning] });
  t.same(await run(ask('deployments.apps', { spec: { template: bad } })), { error: '', warnings: [warning] });
  const old = bad as unknown as Asked['old'];
  t.same(
    await run(ask('pods', bad, { operation: 'UPDATE', old })),
    { error: '', warnings: [] },
    'nothing that counts',
  );
  t.match(
    await run(
      ask(
        'pods',
        { ...bad, spec: { ...bad.spec, containers: [{ name: 'c', image: 'j' }] } },
        { operation: 'UPDATE', old },
      ),
    ),
    { error: /violates/ },
  );
  const namespace = ask(
    'namespaces',
    { metadata: { ...labelled({ enforce: 'baseline' }).metadata, name: 'd' } },
    { operation: 'UPDATE', name: 'd', old: { metadata: { name: 'd' } } as unknown as Asked['old'] },
  );
  t.same(await run(namespace), {
    error: '',
    warnings: [
      'existing pods in namespace "d" violate the new PodSecurity enforce level "baseline:latest"',
      'a (and 1 other pod): host namespaces',
    ],
  });
  t.match(await run(ask('namespaces', { metadata: { ...labelled({ enforce: 'x' }).metadata, name: 'n' } })), {
    error:
      /Namespace "n" is invalid: metadata.labels\[pod-security.kubernetes.io\/enforce\]: Invalid value: "x": must be one of privileged, baseline, restricted/,
  });
});
