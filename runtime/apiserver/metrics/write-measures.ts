/**
 * Measures as Prometheus reads them, in its own text or in OpenMetrics', with those of the process beside them. The library that
 * knows both is loaded by the first who asks: where nobody does, it takes no memory, and nothing of the process is measured.
 */
import type { HttpAnswer } from '../http/exchange.ts';
import type { Measure } from './measures.ts';

type Library = typeof import('prom-client');
type Metric = Parameters<InstanceType<Library['Registry']>['registerMetric']>[0];

export type WriteMeasures = (accept: string | undefined) => Promise<HttpAnswer>;

/** @param measures in the order in which they are written */
export function writeMeasures(measures: readonly Measure[]): WriteMeasures {
  let loading: Promise<{ readonly library: Library; readonly process: readonly Metric[] }> | null = null;
  const load = async () => {
    const loaded = await import('prom-client');
    // A module of the older kind lies behind its default.
    const library = (loaded as { default?: Library }).default ?? loaded;
    const own = new library.Registry();
    library.collectDefaultMetrics({ register: own });
    const process = own.getMetricsAsArray() as unknown as readonly Metric[];
    return { library, process };
  };
  return async (accept) => {
    loading ??= load();
    const { library, process } = await loading;
    const { Registry } = library;
    const registry: InstanceType<Library['Registry']> = new Registry();
    if (takesOpenMetrics(accept)) registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    for (const measure of measures) registry.registerMetric(asMetric(measure));
    for (const metric of process) registry.registerMetric(borrowed(metric));
    const text = await registry.metrics();
    return { code: 200, headers: { 'content-type': registry.contentType }, body: [Buffer.from(text)] };
  };
}

/** OpenMetrics only for who names it, and does not refuse it. */
export function takesOpenMetrics(accept: string | undefined): boolean {
  const ranges = (accept ?? '').split(',').map((range) => range.trim().toLowerCase());
  return ranges.some(
    (range) => range.startsWith('application/openmetrics-text') && !/;\s*q=0(\.0*)?$/.test(range),
  );
}

/** The library asks each for its values, and gives counters another name for OpenMetrics: so each answer has objects of its own. */
function asMetric({ name, help, type, read }: Measure): Metric {
  const get = async () => ({ help, type, values: await read(), aggregator: 'sum', name: own.name });
  const own = { name, help, type, get };
  return own as unknown as Metric;
}

function borrowed(metric: Metric): Metric {
  const { name, help, type } = metric as unknown as Measure;
  const get = async () => ({ ...(await metric.get()), name: own.name });
  const own = { name, help, type, get };
  return own as unknown as Metric;
}
