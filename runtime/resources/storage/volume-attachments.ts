/** Which volume is to be at which node. (pkg/apis/storage, pkg/registry/storage/volumeattachment) Pure. */
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type {
  VolumeAttachment,
  VolumeAttachmentSource,
  VolumeError,
} from '../../apiserver/schemas/generated/types/api-storage-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { immutable } from '../checks/fields.ts';
import { checkInlineVolume } from '../core/volumes/check-inline-volume.ts';
import { forbiddenField, required, tooLong } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkFilled, checkName, checkOptionalName, when } from '../meta/field-checks.ts';
import { keepMetadata } from '../status-metadata.ts';
import { checkDriverName } from './driver-name.ts';

const mostMetadataBytes = 256 * 1024;
const longestMessage = 1024;
const exactlyOne = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';

export const volumeAttachments = kindStrategy<VolumeAttachment>({
  ...{ name: dnsSubdomain, countsGenerations: false, hasStatus: true, needsVersion: true },
  resets: { '': ['status'], status: ['metadata', 'spec'] },
  check: ({ spec, status }) => [
    ...checkFilled(spec?.attacher, 'spec.attacher'),
    ...checkSource(spec?.source ?? {}, 'spec.source'),
    ...checkName(dnsSubdomain, spec?.nodeName, 'spec.nodeName'),
    ...checkStatus(status),
  ],
  checkCreate: ({ spec }) => [
    ...checkDriverName(spec?.attacher ?? '', 'spec.attacher'),
    ...checkOptionalName(
      ...([dnsSubdomain, spec?.source?.persistentVolumeName] as const),
      'spec.source.persistentVolumeName',
    ),
  ],
  checkUpdate: (next, old) => immutable(next.spec, old.spec, 'spec'),
  prepareStatusUpdate: keepMetadata,
  checkStatusUpdate: ({ status }) => checkStatus(status),
});

function checkSource(
  { inlineVolumeSpec, persistentVolumeName: name }: VolumeAttachmentSource,
  field: string,
): readonly FieldError[] {
  const hasName = name !== undefined && name !== null;
  if (!inlineVolumeSpec && !hasName) return [required(field, exactlyOne)];
  if (inlineVolumeSpec && hasName) return [forbiddenField(field, exactlyOne)];
  if (inlineVolumeSpec) return checkInlineVolume(inlineVolumeSpec, `${field}.inlineVolumeSpec`);
  return when(
    name === '',
    required(`${field}.persistentVolumeName`, 'must specify non empty persistentVolumeName'),
  );
}

function checkStatus(status: VolumeAttachment['status']): FieldError[] {
  const { attachmentMetadata, attachError, detachError } = status ?? {};
  const size = Object.entries(attachmentMetadata ?? {}).reduce(
    (sum, pair) => sum + Buffer.byteLength(pair[0]) + Buffer.byteLength(pair[1]),
    0,
  );
  return [
    ...when(size > mostMetadataBytes, tooLong('status.attachmentMetadata', mostMetadataBytes)),
    ...checkMessage(attachError, 'status.attachError'),
    ...checkMessage(detachError, 'status.detachError'),
  ];
}

function checkMessage(error: VolumeError | undefined, field: string): readonly FieldError[] {
  const isLong = Buffer.byteLength(error?.message ?? '') > longestMessage;
  // The real server names the limit of the metadata here, too.
  return when(isLong, tooLong(`${field}.message`, mostMetadataBytes));
}
