/** Applies one committed entry after the other. Deterministic: the same entries give the same tables everywhere. */
import type { Configuration, Entry, LogIndex, Term } from '../../raft/types.ts';
import { decodeCommand } from './command-codec.ts';
import type { Command, CommandBody, CommandResult } from './commands.ts';
import type { StateView } from './reading.ts';
import { Sessions } from './sessions.ts';
import type { Writer } from './tables.ts';
import { type Refusal, runTransaction, spaceText } from './transactions.ts';
import { Versions } from './versions.ts';

export interface Applied {
  readonly index: LogIndex;
  readonly term: Term;
}

export class Applier {
  readonly #view: StateView;
  readonly #versions: Versions;
  readonly #sessions: Sessions;
  readonly #setMeta;
  readonly #grant;
  readonly #endLease;
  readonly #raise;
  readonly #disarm;
  #spaceAlarm: boolean;
  /** Rises with every change of the leases. */
  leaseChanges = 0;

  constructor(writer: Writer, view: StateView) {
    this.#view = view;
    this.#versions = new Versions(writer, view);
    this.#sessions = new Sessions(writer);
    this.#setMeta = writer.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
    this.#grant = writer.prepare('INSERT INTO leases (id, seconds, granted) VALUES (?, ?, ?)');
    this.#endLease = writer.prepare('DELETE FROM leases WHERE id = ?');
    this.#raise = writer.prepare('INSERT OR IGNORE INTO alarms (alarm, member) VALUES (?, ?)');
    this.#disarm = writer.prepare('DELETE FROM alarms WHERE alarm = ?');
    this.#spaceAlarm = this.#isSpaceAlarmed();
  }

  /** Reads everything kept in memory anew, after the database went back to an earlier state. */
  reload(): void {
    this.#versions.reload();
    this.leaseChanges += 1;
    this.#sessions.reload();
    this.#spaceAlarm = this.#isSpaceAlarmed();
  }

  apply(entry: Entry, decodeConfiguration: (data: Uint8Array) => Configuration | null): CommandResult | null {
    this.#sessions.passed(entry.index);
    if (entry.kind === 'command') return this.#applyOnce(entry);
    if (entry.kind === 'configuration') {
      const configuration = decodeConfiguration(entry.data);
      if (configuration) this.setConfiguration(configuration);
    }
    return null;
  }

  /** Before a commit: what is kept in memory is written. */
  flush(applied: Applied): void {
    this.#sessions.flush();
    this.#setMeta.run('revision', this.#versions.revision);
    this.#setMeta.run('appliedIndex', applied.index);
    this.#setMeta.run('appliedTerm', applied.term);
  }

  setConfiguration(configuration: Configuration): void {
    this.#setMeta.run('configuration', JSON.stringify(configuration));
  }

  /** A command that was applied before gives the answer it gave then. */
  #applyOnce(entry: Entry): CommandResult {
    const command = decodeCommand(entry.data);
    if (command === null) return this.#refuse('invalid', 'the command cannot be read by this version');
    const earlier = this.#sessions.meet(command, entry.index);
    switch (earlier.kind) {
      case 'answered':
        return earlier.result;
      case 'forgotten':
        return this.#refuse('sessionExpired', 'whether the command was applied before is not known any more');
      case 'new': {
        const result = this.#applyNew(command, entry);
        this.#sessions.answer(command, result);
        return result;
      }
    }
  }

  #applyNew({ body }: Command, entry: Entry): CommandResult {
    const result = this.#applyBody(body, entry);
    this.#versions.finish();
    return { ...result, revision: this.#versions.revision };
  }

  #applyBody(body: CommandBody, entry: Entry): CommandResult {
    switch (body.kind) {
      case 'transaction': {
        const context = { view: this.#view, versions: this.#versions, spaceAlarm: this.#spaceAlarm };
        const outcome = runTransaction(context, body);
        if ('refused' in outcome) return this.#refused(outcome.refused);
        return { kind: 'transaction', revision: 0, ...outcome };
      }
      case 'compact':
        return this.#compact(body.revision);
      case 'grantLease':
        return this.#grantLease(body.lease, body.seconds, entry);
      case 'revokeLease':
        return this.#revokeLease(body.lease, body.granted);
      case 'raiseAlarm':
        this.#raise.run(body.alarm, body.member);
        return this.#alarmsChanged();
      case 'disarm':
        this.#disarm.run(body.alarm);
        return this.#alarmsChanged();
    }
  }

  /** Only the line is drawn here; what lies before it is swept away later, a little at a time (`sweeping.ts`). */
  #compact(revision: number): CommandResult {
    const newest = this.#versions.revision;
    const oldest = this.#view.number('compactedRevision');
    if (revision > newest)
      return this.#refuse('future', `revision ${revision} is in the future: the newest is ${newest}`, newest);
    if (revision <= oldest)
      return this.#refuse('compacted', `revision ${revision} is compacted already`, oldest);
    this.#setMeta.run('compactedRevision', revision);
    return this.#done();
  }

  #grantLease(id: number, seconds: number, entry: Entry): CommandResult {
    if (this.#spaceAlarm) return this.#refuse('noSpace', spaceText);
    if (this.#view.lease(id) !== null) return this.#refuse('leaseExists', `lease ${id} exists already`);
    this.leaseChanges += 1;
    this.#grant.run(id, seconds, entry.index);
    return this.#done();
  }

  #revokeLease(id: number, granted: number): CommandResult {
    const lease = this.#view.lease(id);
    if (lease === null || (granted !== 0 && lease.granted !== granted))
      return this.#refuse('leaseNotFound', `lease ${id} does not exist`);
    for (const key of this.#view.leaseKeys(id)) this.#versions.remove(key);
    this.leaseChanges += 1;
    this.#endLease.run(id);
    return this.#done();
  }

  #alarmsChanged(): CommandResult {
    this.#spaceAlarm = this.#isSpaceAlarmed();
    return this.#done();
  }

  #isSpaceAlarmed(): boolean {
    return this.#view.alarms().some(({ alarm }) => alarm === 'noSpace');
  }

  #done(): CommandResult {
    return { kind: 'done', revision: this.#versions.revision };
  }

  #refused({ code, reason, at }: Refusal): CommandResult {
    return { kind: 'refused', revision: this.#versions.revision, code, reason, at };
  }

  #refuse(code: Refusal['code'], reason: string, at = 0): CommandResult {
    return this.#refused({ code, reason, at });
  }
}
