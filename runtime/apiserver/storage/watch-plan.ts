/**
 * Where a watch begins: `resourceVersion`, `resourceVersionMatch`, `sendInitialEvents` and `allowWatchBookmarks`, and
 * what of them contradicts itself. (kubernetes.io, "Efficient detection of changes") Pure.
 */
import { type FieldError, invalid } from '../status.ts';
import { parseResourceVersion } from './list-plan.ts';

/** As they stand in the query; '' where absent. */
export interface WatchOptions {
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  readonly sendInitialEvents: '' | 'true' | 'false';
  readonly allowWatchBookmarks: boolean;
}

export type WatchPlan =
  /** What there is as if it had just been made, then what happens. */
  | {
      readonly kind: 'fromState';
      /** Not older than; 0: whatever this node has; null: the newest. */
      readonly least: number | null;
      /** A bookmark that says so ends the initial events. */
      readonly marksEnd: boolean;
    }
  /** What happened after this revision, and what happens; null: from now on. */
  | { readonly kind: 'after'; readonly revision: number | null };

/** Throws `ApiError`. */
export function planWatch(options: WatchOptions): WatchPlan {
  check(options);
  const { resourceVersion, sendInitialEvents } = options;
  const revision = resourceVersion === '' ? null : parseResourceVersion(resourceVersion);
  if (sendInitialEvents === 'true') return { kind: 'fromState', least: revision, marksEnd: true };
  if (sendInitialEvents === 'false') return { kind: 'after', revision: revision === 0 ? null : revision };
  if (revision === null || revision === 0) return { kind: 'fromState', least: revision, marksEnd: false };
  return { kind: 'after', revision };
}

function check(options: WatchOptions): void {
  const errors: FieldError[] = [];
  const refuse = (field: string, why: string): void => {
    errors.push({ reason: 'FieldValueForbidden', field, message: `Forbidden: ${why}` });
  };
  const { resourceVersionMatch, sendInitialEvents } = options;
  if (sendInitialEvents === '') {
    if (resourceVersionMatch !== '') {
      refuse(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      );
    }
  } else if (resourceVersionMatch !== 'NotOlderThan') {
    refuse('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (sendInitialEvents === 'true' && !options.allowWatchBookmarks) {
    refuse('allowWatchBookmarks', 'sendInitialEvents needs bookmarks: set allowWatchBookmarks to true');
  }
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}
