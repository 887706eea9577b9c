/**
 * How the parts of the cluster are that the API cannot do without, found out when somebody asks; nothing of it is stored.
 * (pkg/registry/core/componentstatus)
 */

import { fieldRulesOf } from '../fields/select-fields.ts';
import { metadataOnly, writeAnswer } from '../handlers/answer.ts';
import { answerOptionsOf, formOf } from '../handlers/api-request.ts';
import { readSelection } from '../handlers/select.ts';
import type { SpecialHandler, SpecialRequest } from '../handlers/special.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import type { AnswerForm } from '../request/accept.ts';
import type { Resource } from '../resources/resource.ts';
import type { JsonObject } from '../schemas/protobuf/json-value.ts';
import { matchesFields } from '../selectors/field-selector.ts';
import { matchesLabels } from '../selectors/label-selector.ts';
import { ApiError } from '../status.ts';
import { printerOf } from '../tables/printers.ts';
import { makeTable } from '../tables/table.ts';

export interface ComponentCheck {
  readonly name: string;
  /** Rejects with what is wrong. */
  readonly run: () => Promise<void>;
}

const kind = 'ComponentStatus';
const notice = 'v1 ComponentStatus is deprecated in v1.19+';

/** @param checks in the order in which they are listed */
export function serveComponentStatuses(checks: readonly ComponentCheck[]): SpecialHandler {
  return async (asked) => {
    const { service, request, kinds } = asked;
    const { name, verb } = request.info;
    const form = formOf(request, { type: kind });
    const answer = (object: object) => ({
      ...{ code: 200, mediaType: form.mediaType, warnings: [notice] },
      pieces: writeAnswer(object as JsonObject, service.registry, form),
    });
    if (verb === 'list') {
      const selected = selectedBy(asked, kinds.resource(request.info) as Resource);
      return answer(listOf(asked, form, await Promise.all(checks.filter(selected).map(statusOf))));
    }
    const check = checks.find((one) => one.name === name);
    if (check === undefined) throw new ApiError('NotFound', `Component not found: ${name}`);
    return answer(objectOf(asked, form, await statusOf(check)));
  };
}

async function statusOf({ name, run }: ComponentCheck): Promise<ApiObject> {
  const condition = await run().then(
    () => ({ type: 'Healthy', status: 'True', message: 'ok' }),
    (fault: Error) => ({ type: 'Healthy', status: 'False', message: fault.message }),
  );
  const metadata = { name, creationTimestamp: null };
  return { kind, apiVersion: 'v1', metadata, conditions: [condition] } as unknown as ApiObject;
}

/** They have no labels. */
function selectedBy({ request }: SpecialRequest, resource: Resource): (check: ComponentCheck) => boolean {
  const { labels, fields } = readSelection({ fieldRules: fieldRulesOf(resource) }, request.query);
  return ({ name }) =>
    matchesLabels(labels, {}) && matchesFields(fields, (field) => (field === 'metadata.name' ? name : ''));
}

function objectOf(asked: SpecialRequest, form: AnswerForm, object: ApiObject): object {
  if (form.as === 'Table') return tableOf(asked, form, [object]);
  return form.as === null ? object : metadataOnly(object);
}

function listOf(asked: SpecialRequest, form: AnswerForm, objects: readonly ApiObject[]): object {
  if (form.as === 'Table') return tableOf(asked, form, objects);
  if (form.as !== null) {
    const partial = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata: {} };
    return { ...partial, items: objects.map(metadataOnly) };
  }
  const items = objects.map(({ kind: _, apiVersion: __, ...item }) => item);
  return { kind: `${kind}List`, apiVersion: 'v1', metadata: {}, items };
}

function tableOf(
  { service, request }: SpecialRequest,
  form: AnswerForm,
  objects: readonly ApiObject[],
): object {
  const { includeObject, nowMs } = answerOptionsOf(service, request, form);
  const printer = printerOf({ group: '', resource: 'componentstatuses' });
  return makeTable(printer, objects, { resourceVersion: '' }, { includeObject, nowMs, withColumns: true });
}
