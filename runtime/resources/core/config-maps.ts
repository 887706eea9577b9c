/** Config maps. (pkg/registry/core/configmap, pkg/apis/core/validation) Pure. */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type { ConfigMap } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue, tooLong } from '../field-errors.ts';
import { checkName, when } from '../meta/field-checks.ts';
import { configKey } from '../meta/names.ts';
import { checkFixedData, sizeOfBase64 } from './fixed-data.ts';

const mostBytes = 1024 * 1024;

export const configMaps: Strategy = {
  name: dnsSubdomain,
  countsGenerations: false,
  hasStatus: false,
  check,
  checkUpdate: (next, old) => checkFixedData(next, old, ['data', 'binaryData']),
};

function check(object: ApiObject): readonly FieldError[] {
  const { data = {}, binaryData = {} } = object as unknown as ConfigMap;
  const size =
    Object.values(data).reduce((sum, text) => sum + Buffer.byteLength(text), 0) +
    Object.values(binaryData).reduce((sum, text) => sum + sizeOfBase64(text), 0);
  return [
    ...Object.keys(data).flatMap((key) => [
      ...checkName(configKey, key, `data[${key}]`),
      ...when(
        Object.hasOwn(binaryData, key),
        invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData'),
      ),
    ]),
    ...Object.keys(binaryData).flatMap((key) => checkName(configKey, key, `binaryData[${key}]`)),
    // It is the object as a whole, which Go writes so.
    ...when(size > mostBytes, tooLong('[]', mostBytes)),
  ];
}
