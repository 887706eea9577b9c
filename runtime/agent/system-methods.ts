/**
 * What the administration protocol asks about the machine instead of the cluster: the versions of its system, its
 * configuration, a factory reset, and what of it belongs into `status`. Served on the main thread, since it reads files.
 */
import * as z from 'zod';
import type { ClusterStatus, ResetAnswer } from '../admin/protocol.ts';
import { AdminRefusal } from '../admin/server.ts';
import { type ConfigReport, configWarnings } from '../config/explain.ts';
import { writeFileDurably } from '../files/durable.ts';
import { type DevicePaths, devicePaths } from '../updates/device.ts';
import { readSystemStatus } from '../updates/status.ts';
import { planReset } from './reset-plan.ts';

const resetParams = z.object({ confirm: z.string().optional() });

const developmentKeys =
  'This image has development keys, which were made without asking: make keys of your own (trivet keys create), build the image again with them, and write it anew.';

export class SystemMethods {
  readonly #askStatus: () => Promise<ClusterStatus>;
  readonly #config: () => ConfigReport;
  readonly #paths: DevicePaths;

  /** @param askStatus the cluster's status, without what is added here. */
  constructor(
    askStatus: () => Promise<ClusterStatus>,
    config: () => ConfigReport,
    paths: DevicePaths = devicePaths,
  ) {
    this.#askStatus = askStatus;
    this.#config = config;
    this.#paths = paths;
  }

  /** null when the method is none of these. */
  serve(method: string, params: Readonly<Record<string, unknown>>): Promise<unknown> | null {
    switch (method) {
      case 'status':
        return this.status();
      case 'config.show':
        return Promise.resolve(this.#config());
      case 'update.status':
        return Promise.resolve(readSystemStatus(this.#paths));
      case 'system.reset':
        return this.#reset(resetParams.safeParse(params).data?.confirm ?? null);
      default:
        return null;
    }
  }

  /** Full sentences, for the log at the start and for `status`. */
  warnings(): readonly string[] {
    const system = readSystemStatus(this.#paths);
    return [...(system?.keys === 'development' ? [developmentKeys] : []), ...configWarnings(this.#config())];
  }

  /** Of the cluster, and of this machine. */
  async status(): Promise<ClusterStatus> {
    const status = await this.#askStatus();
    const system = readSystemStatus(this.#paths);
    return { ...status, warnings: [...status.warnings, ...this.warnings()], system };
  }

  async #reset(confirm: string | null): Promise<ResetAnswer> {
    if (readSystemStatus(this.#paths) === null) {
      throw new AdminRefusal(
        'notPossible',
        'A factory reset is for machines with an image of Trivet; this is none.',
      );
    }
    const { values } = this.#config();
    // A voucher is of no use without the secret, and used.
    const hasSecret = values.some(({ path }) => ['cluster.secret', 'cluster.token'].includes(path.join('.')));
    const plan = planReset(await this.#askStatus(), hasSecret);
    if (confirm === null) return { done: false, plan };
    if (confirm !== plan.name) {
      const text = `"${confirm}" is not the name of this machine, which is "${plan.name}". Nothing was done.`;
      throw new AdminRefusal('notConfirmed', text);
    }
    // A unit of systemd waits for this file and restarts the machine; the initrd finds it then.
    writeFileDurably(this.#paths.factoryReset, '');
    return { done: true, plan };
  }
}
