/** What the author of a pod's volume may leave open. (k8s.io/kubernetes/pkg/apis/core/v1/defaults.go) Pure. */
import type {
  DownwardAPIVolumeFile,
  PersistentVolumeClaimSpec,
  Volume,
  VolumeProjection,
  VolumeSource,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import { each, withChanged, withDefaults } from '../../meta/fill-in.ts';
import { fillInResources } from '../pods/container-defaults.ts';

/** 0644. */
const usualMode = 420;

export const rbdDefaults = { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' };
export const iscsiDefaults = { iscsiInterface: 'default' };
export const scaleIoDefaults = { storageMode: 'ThinProvisioned', fsType: 'xfs' };
export const azureDiskDefaults = {
  ...{ cachingMode: 'ReadWrite', fsType: 'ext4', readOnly: false, kind: 'Shared' },
};
/** It may be anything there, or nothing. */
export const hostPathDefaults = { type: '' };

export function fillInVolume(volume: Volume): Volume {
  const { name: _, ...source } = volume;
  const isEmpty = Object.values(source).every((value) => value === undefined || value === null);
  return isEmpty ? { ...volume, emptyDir: {} } : { ...volume, ...fillInSource(source) };
}

export function fillInClaimSpec(spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec {
  const filled = withDefaults(spec, { volumeMode: 'Filesystem' });
  return withChanged(filled, { resources: fillInResources });
}

function fillInSource(source: VolumeSource): VolumeSource {
  return withChanged(source, {
    hostPath: (volume) => withDefaults(volume, hostPathDefaults),
    secret: (volume) => withDefaults(volume, { defaultMode: usualMode }),
    configMap: (volume) => withDefaults(volume, { defaultMode: usualMode }),
    downwardAPI: (volume) =>
      withChanged(withDefaults(volume, { defaultMode: usualMode }), { items: each(fillInFile) }),
    projected: (volume) =>
      withChanged(withDefaults(volume, { defaultMode: usualMode }), { sources: each(fillInProjection) }),
    iscsi: (volume) => withDefaults(volume, iscsiDefaults),
    rbd: (volume) => withDefaults(volume, rbdDefaults),
    azureDisk: (volume) => withDefaults(volume, azureDiskDefaults),
    scaleIO: (volume) => withDefaults(volume, scaleIoDefaults),
    ephemeral: (volume) =>
      withChanged(volume, {
        volumeClaimTemplate: (template) => withChanged(template, { spec: fillInClaimSpec }),
      }),
  });
}

function fillInProjection(projection: VolumeProjection): VolumeProjection {
  return withChanged(projection, {
    downwardAPI: (source) => withChanged(source, { items: each(fillInFile) }),
    serviceAccountToken: (source) => withDefaults(source, { expirationSeconds: 3600 }),
  });
}

function fillInFile(file: DownwardAPIVolumeFile): DownwardAPIVolumeFile {
  return withChanged(file, { fieldRef: (selector) => withDefaults(selector, { apiVersion: 'v1' }) });
}
