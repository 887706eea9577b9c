/**
 * Backups, restoring one into a new cluster, and recovery after a lost quorum, as the administration protocol asks for
 * them. What changes a node's place in a cluster only prepares it here: the agent then stops and does it as it starts.
 */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import * as z from 'zod';
import { AdminRefusal } from '../admin/server.ts';
import type { ApiKeys } from '../cluster/api-keys.ts';
import { openFromBackup, sealForBackup } from '../cluster/backup-keys.ts';
import { readPredecessors } from '../cluster/roster.ts';
import { StoreError } from '../datastore/store.ts';
import type { OpenedSnapshot } from '../datastore/store-core.ts';
import type { SecretKeys } from '../peers/secret.ts';
import { version } from '../version.ts';
import type { MemberNode } from './member-node.ts';
import { beginRenewal, copyOwnState, countEncrypted, prepareRenewal } from './renewal.ts';

export interface UpkeepParts {
  readonly clusterName: string;
  readonly dataDirectory: string;
  readonly self: { readonly id: string; readonly name: string };
  member(): MemberNode | null;
  /** What follows from the enrolment secret of this machine's configuration, for a cluster of a name; null without one. */
  secretKeys(clusterName: string): SecretKeys | null;
  /** Takes the member out of service: its files may then be worked on. */
  closeMember(): Promise<void>;
  /** The agent stops soon, so that the answer can still go out; it does what is prepared when it starts again. */
  restart(message: string): void;
}

/** A read that nobody answers for this long means that there is no quorum. */
const quorumMilliseconds = 3_000;

const pieceParams = z.object({ id: z.int(), offset: z.int().min(0) });
const closeParams = z.object({ id: z.int() });
const restoreParams = z.object({
  sizeBytes: z.int().min(1),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** The name of the cluster that will begin, as a sign that the person knows. */
  confirm: z.string(),
  /** From the backup: of which cluster it is, and the keys of its Kubernetes API, sealed. */
  from: z.string().max(256).default(''),
  apiKeys: z.base64().max(60_000).nullable().default(null),
  /** Whether to go on where they cannot be opened. */
  withoutSecrets: z.boolean().default(false),
});
const writeParams = z.object({ data: z.base64() });
const recoverParams = z.object({ confirm: z.string().optional() });

interface Upload {
  readonly handle: number;
  readonly hash: Hash;
  readonly sizeBytes: number;
  readonly digest: string;
  readonly apiKeys: ApiKeys | null;
  readonly withoutSecrets: boolean;
  written: number;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  #upload: Upload | null = null;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  /** null when the method is none of these. */
  serve(method: string, params: Readonly<Record<string, unknown>>): Promise<unknown> | null {
    switch (method) {
      case 'backup.open':
        return this.#openBackup();
      case 'backup.piece':
        return this.#backupPiece(check(pieceParams, params));
      case 'backup.close':
        return this.#requireMember().storeCore.closeSnapshot(check(closeParams, params).id);
      case 'restore.begin':
        return this.#beginRestore(check(restoreParams, params));
      case 'restore.piece':
        return this.#takePiece(Buffer.from(check(writeParams, params).data, 'base64'));
      case 'restore.finish':
        return this.#finishRestore();
      case 'recover':
        return this.#recover(check(recoverParams, params).confirm ?? null);
      default:
        return null;
    }
  }

  async #openBackup(): Promise<unknown> {
    const member = this.#requireMember();
    const quorum = await hasQuorum(member);
    const status = await member.storeCore.status();
    const opened: OpenedSnapshot = await member.storeCore.openSnapshot();
    const { id, ...copied } = opened;
    return {
      id,
      header: {
        ...{ clusterName: this.#parts.clusterName, clusterId: status.clusterId, node: this.#parts.self.name },
        ...{ version, quorum, ...copied, apiKeys: sealedKeysOf(member) },
        madeAt: new Date().toISOString(),
      },
    };
  }

  async #backupPiece({ id, offset }: z.infer<typeof pieceParams>): Promise<unknown> {
    const piece = await this.#requireMember().storeCore.snapshotPiece(id, offset);
    return { data: Buffer.from(piece).toString('base64') };
  }

  async #beginRestore(params: z.infer<typeof restoreParams>): Promise<unknown> {
    const { sizeBytes, digest, confirm, withoutSecrets } = params;
    const { clusterName, dataDirectory } = this.#parts;
    const member = this.#parts.member();
    if (member !== null) {
      const text = `This node is a member of the cluster "${clusterName}". A backup is restored into a new cluster: restore it on a blank machine.`;
      throw new AdminRefusal('notBlank', text);
    }
    requireConfirmation(
      confirm,
      clusterName,
      'This machine will start a new cluster with the data of the backup',
    );
    this.#abandon();
    const handle = openSync(beginRenewal(dataDirectory), 'w', 0o600);
    const kept = { apiKeys: this.#openKeys(params), withoutSecrets };
    this.#upload = { handle, hash: createHash('sha256'), sizeBytes, digest, ...kept, written: 0 };
    return {};
  }

  #openKeys({ apiKeys, from }: z.infer<typeof restoreParams>): ApiKeys | null {
    const secret = this.#parts.secretKeys(from);
    return apiKeys === null || secret === null ? null : openFromBackup(apiKeys, secret);
  }

  async #takePiece(data: Buffer): Promise<unknown> {
    const upload = this.#requireUpload();
    if (upload.written + data.length > upload.sizeBytes)
      throw new AdminRefusal('invalid', 'More bytes came than the backup has.');
    for (let done = 0; done < data.length; ) done += writeSync(upload.handle, data, done);
    upload.hash.update(data);
    upload.written += data.length;
    return { written: upload.written };
  }

  async #finishRestore(): Promise<unknown> {
    const { hash, digest, sizeBytes, written, handle, apiKeys, withoutSecrets } = this.#requireUpload();
    const { dataDirectory, clusterName, self, restart, member } = this.#parts;
    fsyncSync(handle);
    this.#abandon();
    if (written !== sizeBytes || hash.digest('hex') !== digest)
      throw new AdminRefusal('invalid', 'The backup was damaged on its way: nothing was changed. Try again.');
    if (member() !== null)
      throw new AdminRefusal('notBlank', 'This node has joined a cluster meanwhile: nothing was changed.');
    if (apiKeys === null && !withoutSecrets) requireNoSecrets(dataDirectory);
    prepareRenewal(dataDirectory, self.id as never, { predecessors: [], apiKeys });
    restart('The backup is in place: the agent starts again and begins the new cluster with it.');
    return { clusterName };
  }

  /** Without confirmation only says what would happen. */
  async #recover(confirm: string | null): Promise<unknown> {
    const { clusterName, dataDirectory, self, closeMember, restart } = this.#parts;
    const member = this.#requireMember();
    const plan = await member.recoveryPlan();
    if (plan.refusal !== null) throw new AdminRefusal('refused', plan.refusal);
    if (confirm === null) return { done: false, plan };
    requireConfirmation(confirm, clusterName, 'What other nodes hold and this one does not is given up');
    const predecessors = [...readPredecessors(member.view), plan.clusterId];
    const { apiKeys } = member;
    await closeMember();
    await copyOwnState(dataDirectory);
    prepareRenewal(dataDirectory, self.id as never, { predecessors, apiKeys });
    restart('This node begins a new cluster with its own data: the agent starts again.');
    return { done: true, plan };
  }

  #requireMember(): MemberNode {
    const member = this.#parts.member();
    if (member !== null) return member;
    throw new AdminRefusal('notMember', 'This node is not a member of a cluster yet, so it has no data.');
  }

  #requireUpload(): Upload {
    if (this.#upload === null)
      throw new AdminRefusal('invalid', 'No restore is under way: begin with restore.begin.');
    return this.#upload;
  }

  #abandon(): void {
    if (this.#upload !== null) closeSync(this.#upload.handle);
    this.#upload = null;
  }
}

function check<Schema extends z.ZodType>(schema: Schema, params: unknown): z.infer<Schema> {
  const checked = schema.safeParse(params);
  if (checked.success) return checked.data;
  throw new AdminRefusal(
    'invalid',
    checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
  );
}

function sealedKeysOf({ apiKeys, enrolmentKeys }: MemberNode): string | null {
  return apiKeys === null || enrolmentKeys === null ? null : sealForBackup(apiKeys, enrolmentKeys);
}

function requireNoSecrets(dataDirectory: string): void {
  const encrypted = countEncrypted(dataDirectory);
  if (encrypted === 0) return;
  beginRenewal(dataDirectory);
  throw new AdminRefusal(
    'secrets',
    `The backup has ${encrypted} Secrets that this machine cannot read: their keys are sealed with the enrolment secret that the cluster had. Give this machine that secret (cluster.secret), or restore everything else: --without-secrets. Nothing was changed.`,
  );
}

async function hasQuorum(member: MemberNode): Promise<boolean> {
  const read = member.store.range({ key: Uint8Array.of(0x20), countOnly: true }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof StoreError) return false;
      throw error;
    },
  );
  const timeOver = new Promise<boolean>((resolve) =>
    setTimeout(() => resolve(false), quorumMilliseconds).unref(),
  );
  return Promise.race([read, timeOver]);
}

function requireConfirmation(confirm: string, clusterName: string, what: string): void {
  if (confirm === clusterName) return;
  throw new AdminRefusal(
    'notConfirmed',
    `${what}. To confirm, give the cluster's name: --confirm ${clusterName}`,
  );
}
