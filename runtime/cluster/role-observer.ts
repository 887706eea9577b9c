/** What the leader sees of the members when it plans roles: from reports, from consensus, and from who is there. */
import { loadCost } from '../datastore/roles/placement.ts';
import { type ObservedNode, planRoles, type RolePlan } from '../datastore/roles/plan-roles.ts';
import type { NodeId, RaftStatus } from '../raft/types.ts';
import type { Liveness } from './liveness.ts';
import type { MemberContext } from './member-context.ts';
import type { Report, ReportBook } from './reports.ts';
import { type Member, readRemoving, readRoster } from './roster.ts';

/** A learner this close to the end of the log may take a voter's seat. */
const caughtUpEntries = 200;

export class RoleObserver {
  readonly #context: MemberContext;
  readonly #ownReport: () => Report;
  readonly #book: ReportBook;
  readonly #liveness: Liveness;

  constructor(context: MemberContext, ownReport: () => Report, book: ReportBook, liveness: Liveness) {
    this.#context = context;
    this.#ownReport = ownReport;
    this.#book = book;
    this.#liveness = liveness;
  }

  /** The roles to change to; null when they are as good as can be. */
  plan(status: RaftStatus): RolePlan | null {
    const { replica, targets, identity } = this.#context;
    const { view } = replica.machine;
    const removing = new Set(readRemoving(view).map(({ id }) => id));
    return planRoles({
      leader: identity.id,
      configuration: status.configuration,
      nodes: readRoster(view)
        .filter((member) => !member.spareOnly)
        .map((member) => ({
          ...this.#observe(member, status),
          removing: removing.has(member.id),
        })),
      targets,
    });
  }

  /** What the node said of itself last. */
  reportOf(id: NodeId): Report | null {
    const isSelf = id === this.#context.identity.id;
    return isSelf ? this.#ownReport() : (this.#book.get(id)?.report ?? null);
  }

  isLeaving(id: NodeId): boolean {
    return this.reportOf(id)?.leaving ?? false;
  }

  #observe({ id, failureDomain, weight }: Member, status: RaftStatus): Omit<ObservedNode, 'removing'> {
    const now = performance.now();
    const report = this.reportOf(id);
    const disk = report?.load?.syncMilliseconds ?? null;
    return {
      ...{ id, failureDomain, weight },
      online: !this.#liveness.isLost(id, status, now),
      steady: this.#liveness.isSteady(id, now),
      caughtUp: id === status.id || isCaughtUp(id, status),
      leaving: report?.leaving ?? false,
      cost: report?.load && disk !== null ? loadCost({ ...report.load, syncMilliseconds: disk }) : null,
    };
  }
}

function isCaughtUp(id: NodeId, status: RaftStatus): boolean {
  const progress = status.progress.find((each) => each.id === id);
  return (
    progress !== undefined &&
    progress.state === 'replicate' &&
    progress.match + caughtUpEntries >= status.lastIndex
  );
}
