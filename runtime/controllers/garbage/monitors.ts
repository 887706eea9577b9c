/** The metadata of all objects that can be deleted, whatever their resource: as resources come and go, so do the informers. */
import { type DiscoveredResource, discoverResources } from '../client/discover.ts';
import { pause } from '../machinery/clock.ts';
import { type Change, type Informer, type InformerOptions, openInformer } from '../machinery/informer.ts';

export interface Monitors {
  /** By what an owner reference says; null: there is no such kind. */
  readonly resourceOf: (apiVersion: string, kind: string) => DiscoveredResource | null;
  /** Resolves when all that there is now is known, as far as it can be had. */
  readonly synced: () => Promise<void>;
  /** Whether nothing is missing. */
  readonly isComplete: () => boolean;
  /** Reads what the server has. @throws ApiError */
  readonly discover: () => Promise<void>;
}

interface Monitor {
  readonly of: DiscoveredResource;
  readonly informer: Informer;
  readonly stop: AbortController;
  /** Resolves when all of it is known, or will not be soon. */
  readonly settled: Promise<void>;
}

/** A resource that cannot be listed must not keep the garbage of all others. */
const longestMilliseconds = 30_000;

/** What tells of others is not worth being followed. */
const ignored: ReadonlySet<string> = new Set(['/events', 'events.k8s.io/events']);

export function openMonitors(
  options: Omit<InformerOptions, 'of'>,
  onChange: (of: DiscoveredResource, change: Change) => void,
): Monitors {
  const monitors = new Map<string, Monitor>();
  let known: readonly DiscoveredResource[] = [];
  const open = (of: DiscoveredResource): Monitor => {
    const stop = new AbortController();
    const signal = AbortSignal.any([options.signal, stop.signal]);
    const { group, version, resource } = of;
    const listed = { group, version, resource, namespace: '', metadataOnly: true };
    const informer = openInformer({ ...options, signal, of: listed });
    informer.listen((change) => onChange(of, change));
    const settled = Promise.race([informer.synced, pause(options.clock, longestMilliseconds, signal)]);
    return { of, informer, stop, settled };
  };
  return {
    resourceOf: (apiVersion, kind) => {
      const slash = apiVersion.indexOf('/');
      const group = slash < 0 ? '' : apiVersion.slice(0, slash);
      const version = apiVersion.slice(slash + 1);
      const found = known.filter(
        (one) => one.group === group && one.kind === kind && one.verbs.includes('get'),
      );
      return found.find((one) => one.version === version) ?? null;
    },
    isComplete: () => [...monitors.values()].every(({ informer }) => informer.hasSynced()),
    // Those that come while others are awaited have to be awaited, too.
    synced: async () => {
      for (let count = -1; count !== monitors.size; ) {
        count = monitors.size;
        await Promise.all([...monitors.values()].map(({ settled }) => settled));
      }
    },
    discover: async () => {
      const { resources, stale } = await discoverResources(options.client);
      // What another server had is remembered while it does not say what it has.
      const silent = known.filter(({ group, version }) => stale.includes(`${group}/${version}`));
      known = [...resources.filter((one) => !silent.some((other) => isSame(one, other))), ...silent];
      const wanted = new Map(known.filter(isFollowed).map((of) => [nameOf(of), of]));
      for (const [name, of] of wanted) if (!monitors.has(name)) monitors.set(name, open(of));
      for (const [name, { of, informer, stop }] of monitors) {
        if (wanted.has(name)) continue;
        stop.abort();
        monitors.delete(name);
        for (const old of informer.lister.all()) onChange(of, { old, next: null });
      }
    },
  };
}

function isFollowed({ group, resource, verbs, isPreferred }: DiscoveredResource): boolean {
  const follows = ['delete', 'list', 'watch'].every((verb) => verbs.includes(verb));
  return isPreferred && follows && !ignored.has(`${group}/${resource}`);
}

function isSame(one: DiscoveredResource, other: DiscoveredResource): boolean {
  return nameOf(one) === nameOf(other);
}

function nameOf({ group, version, resource }: DiscoveredResource): string {
  return `${group}/${version}/${resource}`;
}
