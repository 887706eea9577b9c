import t from 'tap';
import type { ApiObject } from '../../../apiserver/objects/object-bytes.ts';
import { changed, filledIn, made, refusals, sentences } from '../../testing/written.ts';
import { persistentVolumeClaims } from './persistent-volume-claims.ts';
import { persistentVolumes } from './persistent-volumes.ts';

const created = '2026-01-01T00:00:00Z';

function volume(spec: object): object {
  const usual = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] };
  const metadata = { name: 'v', creationTimestamp: created };
  return { kind: 'PersistentVolume', apiVersion: 'v1', metadata, spec: { ...usual, ...spec } };
}

function claim(spec: object = {}, metadata: object = {}): object {
  const usual = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  return {
    ...{ kind: 'PersistentVolumeClaim', apiVersion: 'v1' },
    ...{ metadata: { name: 'c', namespace: 'd', ...metadata }, spec: { ...usual, ...spec } },
  };
}

const hostPath = { hostPath: { path: '/data' } };

t.test('a volume is kept after its claim, and waits', async (t) => {
  t.match(made(persistentVolumes, volume(hostPath)), {
    spec: { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem', hostPath: { type: '' } },
    status: { phase: 'Pending' },
  });
});

t.test('a volume says since when it is in its phase', async (t) => {
  const user = { name: 'me', uid: '', groups: [], extra: {} };
  const stamp = (next: ApiObject, old: ApiObject | null, now: string) =>
    persistentVolumes.stamp!(next, old, { user, now, subresource: '' });
  const first = stamp(made(persistentVolumes, volume(hostPath)), null, created);
  t.match(first.status, { phase: 'Pending', lastPhaseTransitionTime: created });
  const later = '2026-01-02T00:00:00Z';
  t.match(stamp({ ...first, status: { phase: 'Pending' } }, first, later).status, {
    lastPhaseTransitionTime: created,
  });
  t.match(stamp({ ...first, status: { phase: 'Bound' } }, first, later).status, {
    lastPhaseTransitionTime: later,
  });
});

t.test('volumes are refused in the words of the real server', async (t) => {
  for (const [spec, expected] of [
    [hostPath, []],
    [{}, ['spec: Required value: must specify a volume type']],
    [{ ...hostPath, accessModes: [] }, ['spec.accessModes: Required value']],
    [
      { ...hostPath, accessModes: ['Odd'] },
      [
        'spec.accessModes: Unsupported value: "Odd": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
      ],
    ],
    [
      { ...hostPath, accessModes: ['ReadWriteOnce', 'ReadWriteOncePod'] },
      ['spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes'],
    ],
    [
      { ...hostPath, capacity: { storage: '0' } },
      ['spec.capacity[storage]: Invalid value: "0": must be greater than zero'],
    ],
    [
      { ...hostPath, nfs: { server: 's', path: '/' } },
      ['spec.nfs: Forbidden: may not specify more than 1 volume type'],
    ],
    [
      { hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' },
      ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
    ],
    [
      { hostPath: { path: '/a/..' }, persistentVolumeReclaimPolicy: 'Recycle' },
      [
        'spec.hostPath.path: Invalid value: "/a/..": must not contain \'..\'',
        "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
      ],
    ],
    [
      { ...hostPath, persistentVolumeReclaimPolicy: 'Odd' },
      [
        'spec.persistentVolumeReclaimPolicy: Unsupported value: "Odd": supported values: "Delete", "Recycle", "Retain"',
      ],
    ],
    [{ local: { path: '/d' } }, ['spec.nodeAffinity: Required value: Local volume requires node affinity']],
    [
      { ...hostPath, nodeAffinity: {} },
      ['spec.nodeAffinity.required: Required value: must specify required node constraints'],
    ],
    [
      { csi: { driver: 'd.example', volumeHandle: '', nodePublishSecretRef: { name: 's' } } },
      ['spec.csi.volumeHandle: Required value', 'spec.csi.nodePublishSecretRef.namespace: Required value'],
    ],
    [
      { iscsi: { targetPortal: 'p', iqn: 'x', lun: 300 } },
      [
        'spec.iscsi.iqn: Invalid value: "x": must be valid format',
        'spec.iscsi.lun: Invalid value: 300: must be between 0 and 255, inclusive',
      ],
    ],
    [{ iscsi: { targetPortal: 'p', iqn: 'iqn.2001-04.com.example:storage.disk1', lun: 0 } }, []],
    [
      { fc: { targetWWNs: ['a'] } },
      ['spec.fc.lun: Required value: lun is required if targetWWNs is specified'],
    ],
    [
      { flexVolume: { driver: 'd', options: { 'a.kubernetes.io/x': '1' } } },
      [
        'spec.flexVolume.options[a.kubernetes.io/x]: Invalid value: "a.kubernetes.io/x": kubernetes.io and k8s.io namespaces are reserved',
      ],
    ],
    [
      { azureDisk: { diskName: 'd', diskURI: 'u', kind: 'Managed' } },
      [
        'spec.azureDisk.diskURI: Unsupported value: "u": supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"',
      ],
    ],
    [{ gcePersistentDisk: { pdName: '' } }, ['spec.persistentDisk.pdName: Required value']],
    [
      { cinder: { volumeID: 'v', secretRef: {} } },
      ['spec.cinder.secretRef.name: Required value', 'spec.cinder.secretRef.namespace: Required value'],
    ],
    [
      { quobyte: { registry: 'no-port', volume: 'v' } },
      [
        'spec.quobyte.registry: Invalid value: "no-port": must be a host:port pair or multiple pairs separated by commas',
      ],
    ],
    [{ storageos: { volumeName: 'v' } }, []],
    [{ azureFile: { secretName: 's', shareName: 's' } }, []],
  ] as const) {
    t.same(refusals(persistentVolumes, volume(spec)), expected, JSON.stringify(spec));
  }
});

t.test('only some volumes have options of their mounts as an annotation', async (t) => {
  const metadata = { name: 'v', annotations: { 'volume.beta.kubernetes.io/mount-options': 'ro' } };
  t.same(refusals(persistentVolumes, { ...volume({ nfs: { server: 's', path: '/' } }), metadata }), []);
  t.same(refusals(persistentVolumes, { ...volume(hostPath), metadata }), [
    'metadata.annotations.volume.beta.kubernetes.io/mount-options: Forbidden: may not specify mount options for this volume type',
  ]);
});

t.test('the source of a volume stays, and its nodes but for their newer names', async (t) => {
  const nodes = (key: string): object => ({
    nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'Exists' }] }] } },
  });
  const update = (next: object, old: object) =>
    sentences(
      persistentVolumes.checkUpdate?.(
        made(persistentVolumes, volume(next)),
        made(persistentVolumes, volume(old)),
      ),
    );
  t.same(update(hostPath, hostPath), []);
  t.same(update({ hostPath: { path: '/b' } }, hostPath), [
    'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n- \thostPath.path: "/data"\n+ \thostPath.path: "/b"\n',
  ]);
  const zone = 'failure-domain.beta.kubernetes.io/zone';
  t.same(update({ ...hostPath, ...nodes('a') }, hostPath), []);
  t.same(
    update({ ...hostPath, ...nodes('topology.kubernetes.io/zone') }, { ...hostPath, ...nodes(zone) }),
    [],
  );
  t.match(update({ ...hostPath, ...nodes('b') }, { ...hostPath, ...nodes('a') }), [
    /^nodeAffinity: Invalid value: .*: field is immutable, except for updating from beta label to GA$/,
  ]);
  const csi = { driver: 'd', volumeHandle: 'h' };
  const secret = { controllerExpandSecretRef: { name: 's', namespace: 'd' } };
  t.same(update({ csi: { ...csi, ...secret } }, { csi }), []);
});

t.test('a volume is warned of', async (t) => {
  const warn = (spec: object) => persistentVolumes.warn?.(made(persistentVolumes, volume(spec)), null);
  t.same(warn({ rbd: { monitors: ['m'], image: 'i' } }), [
    'spec.rbd: deprecated in v1.28, non-functional in v1.31+',
  ]);
  t.same(warn({ ...hostPath, capacity: { storage: '100m' } }), [
    'spec.capacity[storage]: fractional byte value "100m" is invalid, must be an integer',
  ]);
});

t.test('a claim waits, and says twice where its data come from', async (t) => {
  t.match(made(persistentVolumeClaims, claim()), {
    spec: { volumeMode: 'Filesystem' },
    status: { phase: 'Pending' },
  });
  const dataSource = { kind: 'PersistentVolumeClaim', name: 'other' };
  t.match(made(persistentVolumeClaims, claim({ dataSource })).spec, {
    dataSource,
    dataSourceRef: dataSource,
  });
  t.match(made(persistentVolumeClaims, claim({ dataSourceRef: dataSource })).spec, { dataSource });
  const odd = { kind: 'Odd', name: 'x', apiGroup: 'example.com' };
  t.equal(
    (made(persistentVolumeClaims, claim({ dataSource: odd })).spec as { dataSource?: object }).dataSource,
    undefined,
  );
  t.same(filledIn(persistentVolumeClaims, claim({ resources: { requests: { storage: '1.0005' } } })).spec, {
    ...{ accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem' },
    resources: { requests: { storage: '1001m' } },
  });
});

t.test('claims are refused in the words of the real server', async (t) => {
  for (const [spec, expected] of [
    [{}, []],
    [{ accessModes: [] }, ['spec.accessModes: Required value: at least 1 access mode is required']],
    [{ resources: {} }, ['spec.resources[storage]: Required value']],
    [
      { resources: { requests: { storage: '-1' } } },
      ['spec.resources[storage]: Invalid value: "-1": must be greater than zero'],
    ],
    [
      { volumeMode: 'Odd' },
      ['spec.volumeMode: Unsupported value: "Odd": supported values: "Block", "Filesystem"'],
    ],
    [
      { dataSourceRef: { kind: 'Odd', name: 'x' } },
      [
        'spec.dataSource: Invalid value: "Odd": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
        'spec.dataSourceRef: Invalid value: "Odd": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
      ],
    ],
  ] as const) {
    t.same(refusals(persistentVolumeClaims, claim(spec)), expected, JSON.stringify(spec));
  }
});

t.test('a claim that is bound can grow, and nothing else', async (t) => {
  const old = (phase: string): ApiObject => ({
    ...made(persistentVolumeClaims, claim()),
    status: { phase, capacity: { storage: '1Gi' } },
  });
  const update = (spec: object, phase = 'Bound', metadata: object = {}) => {
    const before = old(phase);
    const next = { ...changed(persistentVolumeClaims, claim(spec, metadata), before), status: before.status };
    return sentences(persistentVolumeClaims.checkUpdate?.(next, before));
  };
  const sized = (storage: string): object => ({ resources: { requests: { storage } } });
  const fixed =
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n';
  t.same(update({}), []);
  t.same(update({ volumeName: 'v' }, 'Pending'), []);
  t.same(update({ storageClassName: 'fast' }, 'Pending'), []);
  t.same(update(sized('2Gi')), []);
  t.same(update(sized('2Gi'), 'Pending'), [
    `${fixed}- \tresources.requests.storage: "1Gi"\n+ \tresources.requests.storage: "2Gi"\n`,
  ]);
  t.same(update(sized('500Mi')), [
    'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
  ]);
  t.same(update({ accessModes: ['ReadOnlyMany'] }), [
    `${fixed}- \taccessModes[0]: "ReadWriteOnce"\n+ \taccessModes[0]: "ReadOnlyMany"\n`,
  ]);
  const annotations = { 'volume.beta.kubernetes.io/storage-class': 'x' };
  t.same(update({}, 'Bound', { annotations }), [
    'metadata.annotations.volume.beta.kubernetes.io/storage-class: Invalid value: "x": field is immutable',
  ]);
});

t.test('the status of a claim is checked', async (t) => {
  const object = made(persistentVolumeClaims, claim());
  const check = (status: object) =>
    sentences(persistentVolumeClaims.checkStatusUpdate?.({ ...object, status }, object));
  t.same(
    check({ capacity: { storage: '1Gi' }, allocatedResourceStatuses: { storage: 'NodeResizePending' } }),
    [],
  );
  t.same(check({ allocatedResources: { cpu: '1' } }), [
    'status.allocatedResources: Unsupported value: "cpu": supported values: "storage"',
  ]);
});
