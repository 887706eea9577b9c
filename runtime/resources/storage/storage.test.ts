import t from 'tap';
import { filled, made, patched, saidOfChange, saidOfNew, saidOfStatus } from '../testing/say.ts';
import { csiDrivers } from './csi-drivers.ts';
import { csiNodes } from './csi-nodes.ts';
import { csiStorageCapacities } from './csi-storage-capacities.ts';
import { storageClasses } from './storage-classes.ts';
import { volumeAttachments } from './volume-attachments.ts';

const apiVersion = 'storage.k8s.io/v1';
const object = (kind: string, rest: object) => ({ kind, apiVersion, metadata: { name: 'n' }, ...rest });

t.test('storage classes', async (t) => {
  const plain = object('StorageClass', { provisioner: 'example.com/p' });
  t.match(filled(storageClasses, plain), { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
  t.same(saidOfNew(storageClasses, plain), []);
  const zone = {
    matchLabelExpressions: [
      { key: 'zone', values: ['a', 'a'] },
      { key: 'zone', values: ['b'] },
    ],
  };
  t.same(
    saidOfNew(storageClasses, {
      ...plain,
      provisioner: '',
      reclaimPolicy: 'Recycle',
      allowedTopologies: [zone],
    }),
    [
      'provisioner: Required value',
      'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
      'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
      'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "zone"',
    ],
  );
  const old = { matchLabelExpressions: [{ key: 'failure-domain.beta.kubernetes.io/zone', values: ['a'] }] };
  t.same(storageClasses.warn?.(made(storageClasses, { ...plain, allowedTopologies: [old] }), null), [
    'allowedTopologies[0].matchLabelExpressions[0].key: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  ]);
  const change = {
    provisioner: 'x',
    parameters: { a: 'b' },
    reclaimPolicy: 'Retain',
    volumeBindingMode: 'WaitForFirstConsumer',
  };
  t.same(saidOfChange(storageClasses, plain, change), [
    'parameters: Forbidden: updates to parameters are forbidden.',
    'provisioner: Forbidden: updates to provisioner are forbidden.',
    'reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.',
    'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
  ]);
});

t.test('CSI drivers', async (t) => {
  const driver = object('CSIDriver', { spec: {} });
  t.same(filled(csiDrivers, driver).spec, {
    ...{
      attachRequired: true,
      podInfoOnMount: false,
      volumeLifecycleModes: ['Persistent'],
      storageCapacity: false,
    },
    ...{ fsGroupPolicy: 'ReadWriteOnceWithFSType', requiresRepublish: false, seLinuxMount: false },
  });
  t.same(saidOfNew(csiDrivers, driver), []);
  const tokenRequests = [{ audience: 'a', expirationSeconds: 5 }, { audience: 'a' }];
  t.same(
    saidOfNew(
      csiDrivers,
      patched(driver, { spec: { fsGroupPolicy: 'X', tokenRequests, volumeLifecycleModes: ['Y'] } }),
    ),
    [
      'spec.fsGroupPolicy: Unsupported value: "X": supported values: "File", "None", "ReadWriteOnceWithFSType"',
      'spec.tokenRequests[0].expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
      'spec.tokenRequests[1].audience: Duplicate value: "a"',
      'spec.volumeLifecycleModes: Unsupported value: "Y": supported values: "Persistent", "Ephemeral"',
    ],
  );
  t.same(saidOfChange(csiDrivers, driver, { spec: { attachRequired: false, fsGroupPolicy: 'File' } }), [
    'spec.attachedRequired: Invalid value: false: field is immutable',
  ]);
  const old = made(csiDrivers, driver);
  const generationOf = (spec: object): unknown =>
    csiDrivers.prepareUpdate?.(patched(old, { spec }), old).metadata.generation;
  t.equal(generationOf({ requiresRepublish: true }), 1);
  t.equal(generationOf({ fsGroupPolicy: 'File' }), undefined);
});

t.test('CSI nodes', async (t) => {
  const driver = { name: 'd.io', nodeID: 'n', topologyKeys: ['zone'] };
  const node = object('CSINode', { spec: { drivers: [driver] } });
  t.same(saidOfNew(csiNodes, node), []);
  t.same(
    saidOfNew(
      csiNodes,
      object('CSINode', {
        spec: { drivers: [driver, { ...driver, nodeID: '', allocatable: { count: -1 } }] },
      }),
    ),
    [
      'spec.drivers[1].nodeID: Required value',
      'spec.drivers[1].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
      'spec.drivers[1].name: Duplicate value: "d.io"',
    ],
  );
  t.match(saidOfChange(csiNodes, node, { spec: { drivers: [{ ...driver, nodeID: 'm' }] } }), [
    /^CSINodeDriver: Invalid value: .*: field is immutable$/,
  ]);
});

t.test('volume attachments', async (t) => {
  const attachment = object('VolumeAttachment', {
    spec: { attacher: 'd.io', nodeName: 'n', source: { persistentVolumeName: 'v' } },
  });
  t.same(saidOfNew(volumeAttachments, attachment), []);
  t.same(
    saidOfNew(
      volumeAttachments,
      patched(attachment, { spec: { attacher: '', source: { persistentVolumeName: null } } }),
    ).slice(0, 2),
    [
      'spec.attacher: Required value',
      'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
    ],
  );
  t.match(saidOfChange(volumeAttachments, attachment, { spec: { nodeName: 'm' } }), [
    /^spec: .*field is immutable$/,
  ]);
  const attachError = { message: 'x'.repeat(1025) };
  t.same(saidOfStatus(volumeAttachments, attachment, {}, { attached: false, attachError }), [
    'status.attachError.message: Too long: may not be more than 262144 bytes',
  ]);
});

t.test('an attachment describes only volumes of CSI drivers', async (t) => {
  const csi = { driver: 'd.io', volumeHandle: 'h' };
  const said = (inlineVolumeSpec: object): readonly string[] =>
    saidOfNew(
      volumeAttachments,
      object('VolumeAttachment', {
        spec: { attacher: 'd.io', nodeName: 'n', source: { inlineVolumeSpec } },
      }),
    );
  const at = 'spec.source.inlineVolumeSpec';
  const none = 'Forbidden: may not be specified in the context of inline volumes';
  t.same(said({ csi, accessModes: ['ReadWriteOnce'], mountOptions: ['soft'], volumeMode: 'Filesystem' }), []);
  t.same(said({ csi }), [`${at}.accessModes: Required value`]);
  t.same(said({ hostPath: { path: '/d' }, accessModes: ['ReadWriteOnce'] }), [
    `${at}.csi: Required value: has to be specified in the context of inline volumes`,
  ]);
  const nodeAffinity = { required: { nodeSelectorTerms: [] } };
  const ofClaims = {
    claimRef: { name: 'c' },
    capacity: { storage: '1' },
    storageClassName: 's',
    nodeAffinity,
  };
  const others = { persistentVolumeReclaimPolicy: 'Delete', volumeMode: 'Block' };
  t.same(said({ csi, accessModes: ['ReadWriteOnce'], ...ofClaims, ...others }), [
    `${at}.claimRef: ${none}`,
    `${at}.capacity: ${none}`,
    `${at}.persistentVolumeReclaimPolicy: Forbidden: may only be Retain in the context of inline volumes`,
    `${at}.nodeAffinity: ${none}`,
    `${at}.storageClassName: ${none}`,
    `${at}.volumeMode: Forbidden: may not specify volumeMode other than Filesystem in the context of inline volumes`,
  ]);
});

t.test('CSI storage capacities', async (t) => {
  const capacity = object('CSIStorageCapacity', { storageClassName: 'c', capacity: '1Gi', nodeTopology: {} });
  t.same(saidOfNew(csiStorageCapacities, capacity), []);
  t.same(saidOfNew(csiStorageCapacities, { ...capacity, capacity: '-1' }), [
    'capacity: Invalid value: "-1": must be greater than or equal to 0',
  ]);
  t.same(saidOfChange(csiStorageCapacities, capacity, { storageClassName: 'd' }), [
    'storageClassName: Invalid value: "d": field is immutable',
  ]);
});
