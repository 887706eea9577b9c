/** What the query of a write says, checked. (k8s.io/apimachinery/pkg/apis/meta/v1/validation) Pure. */
import { type FieldError, invalid } from '../status.ts';
import type { PatchKind } from './patch.ts';
import type { WriteOptions } from './surroundings.ts';

const longestManager = 128;

interface SentOptions {
  readonly force: boolean;
  readonly sent: Readonly<Record<string, string>>;
}

/**
 * @param optionsKind as errors name it: `CreateOptions`, `UpdateOptions`, `PatchOptions`.
 * @param patchKind null where the write is no patch. @throws ApiError (422)
 */
export function readWriteOptions(
  query: URLSearchParams,
  userAgent: string,
  optionsKind: string,
  patchKind: PatchKind | null,
): Omit<WriteOptions, 'user' | 'admission' | 'warn' | 'sent'> & SentOptions {
  const manager = query.get('fieldManager') ?? '';
  const force = query.get('force');
  const errors = [
    ...checkDryRun(query.getAll('dryRun')),
    ...checkManager(manager, patchKind === 'apply'),
    ...(force !== null && patchKind !== null && patchKind !== 'apply'
      ? [
          {
            reason: 'FieldValueForbidden',
            field: 'force',
            message: 'Forbidden: may not be specified for non-apply patch',
          } as const,
        ]
      : []),
  ];
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: optionsKind }, '', errors);
  return {
    dryRun: query.getAll('dryRun').length > 0,
    sent: Object.fromEntries(
      ['fieldManager', 'fieldValidation'].flatMap((name) => {
        const value = query.get(name) ?? '';
        return value === '' ? [] : [[name, value]];
      }),
    ),
    fieldManager: manager === '' ? managerOfAgent(userAgent) : manager,
    force: force === 'true' || force === '1',
  };
}

/** Also of a deletion. */
export function checkDryRun(values: readonly string[]): FieldError[] {
  return values
    .filter((value) => value !== 'All')
    .map((value) => ({
      reason: 'FieldValueNotSupported',
      field: 'dryRun',
      message: `Unsupported value: ${JSON.stringify(value)}: supported values: "All"`,
    }));
}

function checkManager(manager: string, isRequired: boolean): FieldError[] {
  const field = 'fieldManager';
  if (manager === '' && isRequired) {
    return [{ reason: 'FieldValueRequired', field, message: 'Required value: is required for apply patch' }];
  }
  if (manager.length > longestManager) {
    const message = `Too long: may not be more than ${longestManager} bytes`;
    return [{ reason: 'FieldValueTooLong', field, message }];
  }
  if (/\p{C}/u.test(manager)) {
    const message = `Invalid value: ${JSON.stringify(manager)}: should only contain printable characters`;
    return [{ reason: 'FieldValueInvalid', field, message }];
  }
  return [];
}

/** `kubectl/v1.32 …` is kubectl's. */
function managerOfAgent(userAgent: string): string {
  const name = (userAgent.split('/')[0] as string).replace(/\p{C}/gu, '').slice(0, longestManager);
  return name === '' ? 'unknown' : name;
}
