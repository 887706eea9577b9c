/** `trivet backup` and `trivet restore`: the datastore as a file, and a new cluster from it. */
import { type AdminClient, connectAdmin } from '../admin/client.ts';
import { BackupError, type BackupHeader, openBackup, writeBackup } from '../backup/backup-file.ts';
import { CommandError } from './command-error.ts';

export interface BackupOptions {
  readonly socket: string;
  readonly force: boolean;
  readonly json: boolean;
}

export interface RestoreOptions {
  readonly socket: string;
  readonly confirm: string | null;
  readonly check: boolean;
  /** Leave out what cannot be read on this machine. */
  readonly withoutSecrets: boolean;
  readonly json: boolean;
}

/** Copying a large state takes its time. */
const patience = { timeoutMilliseconds: 120_000 };
const megabyte = 1_000_000;

export async function backupCommand(file: string, options: BackupOptions): Promise<void> {
  const client = await connectAdmin(options.socket);
  try {
    const { id, header } = (await client.request('backup.open', {}, patience)) as {
      id: number;
      header: BackupHeader;
    };
    try {
      const read = async (offset: number): Promise<Uint8Array> => {
        const { data } = (await client.request('backup.piece', { id, offset }, patience)) as { data: string };
        return Buffer.from(data, 'base64');
      };
      const onProgress = progress('backup', header.sizeBytes, options.json);
      await writeBackup(file, header, read, { overwrite: options.force, onProgress });
    } finally {
      await client.request('backup.close', { id }).catch(() => {});
    }
    report(file, header, options.json);
  } catch (error) {
    throw asCommandError(error);
  } finally {
    client.close();
  }
}

export async function restoreCommand(file: string, options: RestoreOptions): Promise<void> {
  const backup = await openBackup(file).catch((error: unknown) => {
    throw asCommandError(error);
  });
  try {
    if (options.check) {
      report(file, backup.header, options.json);
      return;
    }
    const client = await connectAdmin(options.socket);
    try {
      await upload(client, backup, options);
    } finally {
      client.close();
    }
    const text = `The agent starts again and begins a new cluster with the data of ${file}. Blank machines join it as usual; see trivet status.\n`;
    process.stdout.write(
      options.json ? `${JSON.stringify({ restored: true, ...shown(backup.header) })}\n` : text,
    );
  } finally {
    await backup.close();
  }
}

async function upload(
  client: AdminClient,
  backup: Awaited<ReturnType<typeof openBackup>>,
  options: RestoreOptions,
): Promise<void> {
  const { sizeBytes, digest, apiKeys, clusterName } = backup.header;
  const { confirm, withoutSecrets } = options;
  await client.request('restore.begin', {
    ...{ sizeBytes, digest, confirm: confirm ?? '', from: clusterName, apiKeys, withoutSecrets },
  });
  const onProgress = progress('restore', sizeBytes, options.json);
  for (let offset = 0; offset < sizeBytes; ) {
    const piece = await backup.read(offset);
    await client.request('restore.piece', { data: Buffer.from(piece).toString('base64') }, patience);
    offset += piece.length;
    onProgress(offset);
  }
  await client.request('restore.finish', {}, patience);
}

function report(file: string, header: BackupHeader, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ file, ...shown(header) }, null, 2)}\n`);
    return;
  }
  const { clusterName, clusterId, node, version, revision, index, sizeBytes, madeAt } = header;
  const lines = [
    `${file}  ${(sizeBytes / megabyte).toFixed(1)} MB, whole and checked`,
    `cluster:   ${clusterName} (${clusterId}), made on ${node}, version ${version}, ${madeAt} by its clock`,
    `holds:     revision ${revision} at least, log entry ${index}`,
    ...warningsOf(header),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The sealed keys say nothing to a person but that they are there. */
function shown({ apiKeys, ...header }: BackupHeader) {
  return { ...header, secrets: apiKeys !== null };
}

function warningsOf({ quorum, apiKeys }: BackupHeader): string[] {
  const warnings = [
    ...(quorum ? [] : ['made without a quorum: the newest writes may be missing']),
    ...(apiKeys === null
      ? ['made where the keys of the Secrets were not known: they cannot be restored from it; ask a voter']
      : []),
  ];
  return warnings.map((warning) => `warning:   ${warning}`);
}

/** A line that grows, on a terminal only. */
function progress(what: string, sizeBytes: number, json: boolean): (doneBytes: number) => void {
  if (json || !process.stderr.isTTY) return () => {};
  return (doneBytes) => {
    const percent = Math.floor((100 * doneBytes) / sizeBytes);
    process.stderr.write(`\r${what}: ${percent} %${doneBytes >= sizeBytes ? '\n' : ''}`);
  };
}

function asCommandError(error: unknown): unknown {
  return error instanceof BackupError ? new CommandError(error.message) : error;
}
