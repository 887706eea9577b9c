/** What is answered when an apply would change fields that others own. */
import { compareAsBytes } from '../schemas/protobuf/json-value.ts';
import { ApiError } from '../status.ts';
import type { ManagerName } from './entries.ts';
import { formatPath, pathsOf } from './field-set.ts';
import type { Conflict } from './ownership.ts';

/** One cause for each field. */
export function applyConflict(conflicts: readonly Conflict[]): ApiError {
  const owners = conflicts
    .toSorted((a, b) => compareAsBytes(a.owner, b.owner))
    .map(({ owner, fields }) => ({ name: describe(owner), paths: [...pathsOf(fields)].map(formatPath) }));
  const causes = owners.flatMap(({ name, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${name}`, field })),
  );
  return new ApiError('Conflict', sentence(owners, causes.length), { causes });
}

function sentence(owners: readonly { name: string; paths: readonly string[] }[], count: number): string {
  if (count === 1)
    return `Apply failed with 1 conflict: conflict with ${owners[0]!.name}: ${owners[0]!.paths[0]}`;
  const lines = owners.flatMap(({ name, paths }) => [
    `conflicts with ${name}:`,
    ...paths.map((path) => `- ${path}`),
  ]);
  return `Apply failed with ${count} conflicts: ${lines.join('\n')}`;
}

/** `"kubectl-client-side-apply" using apps/v1`; those who apply are the same at all versions. */
function describe(owner: string): string {
  const { manager = '', operation, apiVersion, subresource } = JSON.parse(owner) as Partial<ManagerName>;
  const name = JSON.stringify(manager);
  const of = subresource === undefined ? name : `${name} with subresource ${JSON.stringify(subresource)}`;
  return operation === 'Update' ? `${of} using ${apiVersion}` : of;
}
