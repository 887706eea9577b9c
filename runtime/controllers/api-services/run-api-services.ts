/** Keeps the APIServices: those of this server, and whether the servers behind the others can be asked. */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { stringAt } from '../../apiserver/objects/read-path.ts';
import { builtInGroupVersions } from '../../apiserver/resources/built-in.ts';
import type { ApiClient } from '../client/api-client.ts';
import { keyOf, resources } from '../client/places.ts';
import { perform, type Write } from '../client/writes.ts';
import type { ControllerContext } from '../controller-context.ts';
import { timeOf } from '../machinery/clock.ts';
import { runController } from '../machinery/controller.ts';
import {
  failed,
  isRemote,
  judgeService,
  type ObservedAvailability,
  passed,
  planAvailability,
  serviceOf,
} from './plan-availability.ts';
import {
  namesOfDefinition,
  type ObservedLocal,
  planLocalService,
  wantedLocalServices,
} from './plan-local.ts';

/** Asks the server behind an APIService what it has. @returns why it cannot be asked; null: it can */
export type CheckApiService = (apiService: ApiObject) => Promise<string | null>;

/** @param client of somebody who may change APIServices, which no controller's role allows */
export function runLocalApiServices(context: ControllerContext, client: ApiClient): void {
  const apiServices = context.informers.of(resources.apiServices);
  const definitions = context.informers.of(resources.customResourceDefinitions);
  const builtInNames = [...wantedLocalServices(builtInGroupVersions, []).keys()];
  runController(
    {
      name: 'local API services',
      sources: [
        { informer: apiServices, keysOf: ({ metadata }) => [metadata.name ?? ''] },
        { informer: definitions, keysOf: namesOfDefinition },
      ],
      observe: (name): ObservedLocal => ({
        existing: apiServices.lister.byKey(name),
        wanted: wantedLocalServices(builtInGroupVersions, definitions.lister.all()).get(name) ?? null,
      }),
      plan: planLocalService,
      act: (write: Write) => perform(client, write),
      regularly: { keys: () => builtInNames, everyMilliseconds: regularlyMilliseconds },
    },
    context,
  );
}

const regularlyMilliseconds = 60_000;
const whenWellMilliseconds = 30_000;
const whenIllMilliseconds = 5_000;

/** @param client of somebody who may change APIServices, which no controller's role allows */
export function runAvailability(context: ControllerContext, client: ApiClient, check: CheckApiService): void {
  const { informers, clock } = context;
  const apiServices = informers.of(resources.apiServices);
  const services = informers.of(resources.services);
  const slices = informers.of(resources.endpointSlices);
  const ofService = (namespace: string, name: string): readonly string[] =>
    apiServices.lister
      .all()
      .filter(
        (one) => isRemote(one) && serviceOf(one).namespace === namespace && serviceOf(one).name === name,
      )
      .map(keyOf);
  const observe = async (key: string): Promise<ObservedAvailability> => {
    const apiService = apiServices.lister.byKey(key);
    const now = timeOf(clock.wallNow());
    if (apiService === null || !isRemote(apiService)) return { apiService: null, verdict: null, now };
    const { namespace, name } = serviceOf(apiService);
    const ofName = slices.lister
      .all()
      .filter((one) => one.metadata.namespace === namespace && serviceNameOf(one) === name);
    const service = services.lister.get(namespace, name);
    const judged = judgeService({ apiService, service, slices: ofName });
    const verdict = judged ?? verdictOf(await check(apiService));
    return { apiService, verdict, now };
  };
  runController(
    {
      name: 'API service availability',
      sources: [
        { informer: apiServices, keysOf: (object) => (isRemote(object) ? [keyOf(object)] : []) },
        {
          informer: services,
          keysOf: ({ metadata }) => ofService(metadata.namespace ?? '', metadata.name ?? ''),
        },
        {
          informer: slices,
          keysOf: (slice) => ofService(slice.metadata.namespace ?? '', serviceNameOf(slice)),
        },
      ],
      observe,
      plan: planAvailability,
      act: (write: Write) => perform(client, write),
      againAfter: ({ verdict }) => {
        if (verdict === null) return null;
        return verdict.status === 'True' ? whenWellMilliseconds : whenIllMilliseconds;
      },
    },
    context,
  );
}

function verdictOf(failure: string | null) {
  return failure === null ? passed : failed('FailedDiscoveryCheck', failure);
}

function serviceNameOf(slice: ApiObject): string {
  return stringAt(slice.metadata, 'labels', 'kubernetes.io/service-name');
}
