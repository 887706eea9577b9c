/**
 * The clusters that an operator has met, one file each beside the operator's key: `known-clusters/NAME.json`. Their CAs are
 * pinned at first use, as ssh pins the keys of hosts.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';

const knownSchema = z.object({
  clusterName: z.string(),
  clusterId: z.string(),
  /** In PEM, the present one first. */
  ca: z.string().includes('BEGIN CERTIFICATE'),
  /** Where its nodes have answered, as `host:port`. */
  servers: z.array(z.string()),
});

export interface KnownCluster extends z.infer<typeof knownSchema> {
  /** What it is called here: its own name, or one that a person gave it (`--cluster`). */
  readonly name: string;
  readonly file: string;
}

/** A file that is no known cluster, or cannot be read or written. */
export class KnownClusterError extends Error {
  override readonly name = 'KnownClusterError';
}

/** The newest addresses of a cluster that are remembered. */
const mostServers = 64;

export class KnownClusters {
  readonly #directory: string;

  /** @param keyDirectory where the operator's key is. */
  constructor(keyDirectory: string) {
    this.#directory = path.join(keyDirectory, 'known-clusters');
  }

  fileOf(name: string): string {
    return path.join(this.#directory, `${name}.json`);
  }

  /** Throws `KnownClusterError`. */
  list(): KnownCluster[] {
    return namesIn(this.#directory).map((name) => this.#read(name));
  }

  /** Replaces what is known of it in one step. Throws `KnownClusterError`. */
  save({ name, clusterName, clusterId, ca, servers }: Omit<KnownCluster, 'file'>): void {
    const file = this.fileOf(name);
    const text = JSON.stringify(
      { clusterName, clusterId, ca, servers: servers.slice(-mostServers) },
      null,
      2,
    );
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.${process.pid}`, `${text}\n`, { mode: 0o600 });
      renameSync(`${file}.${process.pid}`, file);
    } catch (error) {
      throw new KnownClusterError(`${file} cannot be written: ${(error as Error).message}.`, {
        cause: error,
      });
    }
  }

  #read(name: string): KnownCluster {
    const file = this.fileOf(name);
    try {
      return { ...knownSchema.parse(JSON.parse(readFileSync(file, 'utf8'))), name, file };
    } catch (error) {
      throw new KnownClusterError(
        `${file} is damaged: it says which CA the cluster ${name} has. Remove it, and look closely at the fingerprint that is shown next time.`,
        { cause: error },
      );
    }
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((file) => file.endsWith('.json'))
      .map((file) => path.parse(file).name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new KnownClusterError(`${directory} cannot be read: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}
