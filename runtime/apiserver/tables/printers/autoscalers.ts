/** Autoscalers, from the form that is stored (autoscaling/v2). Pure. */
import { isSet, listAt, numberAt, objectAt, stringAt } from '../../objects/read-path.ts';
import { formatMany } from '../format.ts';
import { age, column, name, printer } from '../printer.ts';

const shownMetrics = 2;

export const horizontalPodAutoscalers = printer([
  name,
  column('Reference', (object) => {
    const target = objectAt(object, 'spec', 'scaleTargetRef');
    return `${stringAt(target, 'kind')}/${stringAt(target, 'name')}`;
  }),
  column('Targets', formatMetrics),
  column('MinPods', (object) =>
    isSet(object, 'spec', 'minReplicas') ? String(numberAt(object, 'spec', 'minReplicas')) : '<unset>',
  ),
  column('MaxPods', (object) => numberAt(object, 'spec', 'maxReplicas')),
  column('Replicas', (object) => numberAt(object, 'status', 'currentReplicas')),
  age,
]);

function formatMetrics(object: unknown): string {
  const specs = listAt(object, 'spec', 'metrics');
  if (specs.length === 0) return '<none>';
  const statuses = listAt(object, 'status', 'currentMetrics');
  const all = specs.map((spec, index) => formatMetric(spec, statuses[index]));
  return formatMany(all.slice(0, shownMetrics), all.length, ', ');
}

/** A metric's fields lie under its type: `Pods` in `pods`. */
function formatMetric(spec: unknown, status: unknown): string {
  const type = stringAt(spec, 'type');
  const field = type.charAt(0).toLowerCase() + type.slice(1);
  const target = objectAt(spec, field, 'target');
  const current = objectAt(status, field, 'current');
  switch (type) {
    case 'Pods':
      return ratio(current, target, 'averageValue');
    case 'External':
    case 'Object': {
      const isAverage = isSet(target, 'averageValue');
      return isAverage ? `${ratio(current, target, 'averageValue')} (avg)` : ratio(current, target, 'value');
    }
    case 'Resource':
    case 'ContainerResource': {
      const resource = stringAt(spec, field, 'name');
      if (isSet(target, 'averageValue')) return `${resource}: ${ratio(current, target, 'averageValue')}`;
      return `${resource}: ${percent(current, '<unknown>')}/${percent(target, '<auto>')}`;
    }
    default:
      return '<unknown type>';
  }
}

function ratio(current: unknown, target: unknown, field: string): string {
  return `${stringAt(current, field) || '<unknown>'}/${stringAt(target, field)}`;
}

function percent(value: unknown, otherwise: string): string {
  const isKnown = isSet(value, 'averageUtilization');
  return isKnown ? `${numberAt(value, 'averageUtilization')}%` : otherwise;
}
