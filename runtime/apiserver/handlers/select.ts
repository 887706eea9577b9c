/** Lists of a part of the objects: by namespace, labels and fields, whole or in parts of a wanted length. */
import { checkFields, hasFields } from '../fields/select-fields.ts';
import { decodeFromStore } from '../objects/object-bytes.ts';
import { type FieldSelector, parseFieldSelector } from '../selectors/field-selector.ts';
import {
  type LabelSelector,
  matchesLabels,
  parseLabelSelector,
  SelectorError,
} from '../selectors/label-selector.ts';
import { ApiError } from '../status.ts';
import { decodeContinue } from '../storage/continue-token.ts';
import type { ListPlan } from '../storage/list-plan.ts';
import type { StoredList, StoredObject } from '../storage/object-store.ts';
import type { ServedKind } from './served-kind.ts';

export interface Selection {
  readonly labels: LabelSelector;
  readonly fields: FieldSelector;
}

/** @throws ApiError (400) */
export function readSelection(
  { fieldRules }: Pick<ServedKind, 'fieldRules'>,
  query: URLSearchParams,
): Selection {
  const fields = parsed(() => parseFieldSelector(query.get('fieldSelector') ?? ''));
  checkFields(fieldRules, fields);
  return { labels: parsed(() => parseLabelSelector(query.get('labelSelector') ?? '')), fields };
}

function parsed<Selector>(parse: () => Selector): Selector {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    throw new ApiError('BadRequest', `unable to parse requirement: ${error.message}`);
  }
}

/** Objects that are looked at before a part is as long as was asked for. */
const pageLength = 500;

/**
 * The part of a list that is selected. With a limit it looks on until it has so many.
 * @param below the namespace and a slash, or ''.
 */
export async function listSelected(
  kind: ServedKind,
  below: string,
  plan: ListPlan,
  selection: Selection,
): Promise<StoredList> {
  if (selection.labels.length === 0 && selection.fields.length === 0)
    return await kind.objects.list(below, plan);
  const items: StoredObject[] = [];
  let next: ListPlan = plan;
  for (;;) {
    const length = next.limit === 0 ? 0 : Math.max(1, Math.min(pageLength, plan.limit - items.length));
    const page = await kind.objects.list(below, { ...next, limit: length });
    items.push(...page.items.filter((item) => isSelected(kind, item, selection)));
    // How many follow nobody knows: they would have to be read.
    if (page.continue === '' || (plan.limit > 0 && items.length >= plan.limit)) {
      return { ...page, items, remaining: null };
    }
    next = { kind: 'continue', limit: plan.limit, ...decodeContinue(page.continue) };
  }
}

export function isSelected(kind: ServedKind, item: StoredObject, { labels, fields }: Selection): boolean {
  const object = decodeFromStore(item.bytes, item.revision);
  const has = (object.metadata.labels ?? {}) as Readonly<Record<string, string>>;
  return matchesLabels(labels, has) && hasFields(kind.fieldRules, fields, object);
}
