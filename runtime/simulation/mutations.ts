/**
 * The 26 faults that consensus implementations have had, put back into this one as small changes of the source, and
 * what finds each. The production code knows nothing of them: `mutation-hook.ts` changes a file as Node loads it.
 */

export interface Patch {
  readonly file: string;
  /** Must occur exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

export interface Mutation {
  /** Its number in the list of faults; 0: beyond the list. */
  readonly fault: number;
  readonly name: string;
  readonly patches: readonly Patch[];
  /** Whether the simulator is to look for it. */
  readonly simulation: boolean;
  /** A test file that fails with it: asked where the simulator is not, or has not found it. */
  readonly test: string | null;
}

export interface ImpossibleFault {
  readonly fault: number;
  readonly name: string;
  readonly reason: string;
}

export const impossibleFaults: readonly ImpossibleFault[] = [
  {
    fault: 14,
    name: 'lease reads with a slow or stopped clock',
    reason: 'there are no lease reads: every linearizable read asks a quorum (raft/reads.ts)',
  },
  {
    fault: 26,
    name: 'state changed across an await',
    reason: 'the core has no async code: `npm run check` refuses async and await in runtime/raft',
  },
];

export const mutations: readonly Mutation[] = [
  {
    fault: 1,
    name: 'a vote is answered before it is on disk',
    patches: [
      {
        file: 'runtime/raft/election.ts',
        find: "sendAfterPersist(node, from, { type: 'voteResponse', term: node.term, preVote, granted });",
        replace: "send(node, from, { type: 'voteResponse', term: node.term, preVote, granted });",
      },
    ],
    simulation: true,
    test: 'runtime/raft/election.test.ts',
  },
  {
    fault: 2,
    name: "a candidate's repeated request is refused",
    patches: [
      {
        file: 'runtime/raft/election.ts',
        find: ': node.vote === from || (node.vote === null && node.leader === null);',
        replace: ': node.vote === null && node.leader === null;',
      },
    ],
    simulation: false,
    test: 'runtime/raft/election.test.ts',
  },
  {
    fault: 3,
    name: 'entries of an earlier term are committed by counting copies',
    patches: [
      {
        file: 'runtime/raft/replication.ts',
        find: 'if (reached <= log.commit || log.termAt(reached) !== node.term) return;',
        replace: 'if (reached <= log.commit) return;',
      },
    ],
    simulation: false,
    test: 'runtime/raft/replication.test.ts',
  },
  {
    fault: 4,
    name: 'a configuration is changed before the leader has committed in its term',
    patches: [
      {
        file: 'runtime/raft/membership.ts',
        find: "if (!hasCommittedInTerm(node)) return 'the leader has not yet committed an entry of its term';",
        replace: '',
      },
    ],
    simulation: false,
    test: 'runtime/raft/membership.test.ts',
  },
  {
    fault: 5,
    name: 'a node votes for whoever asks',
    patches: [
      {
        file: 'runtime/raft/election.ts',
        find: ': node.vote === from || (node.vote === null && node.leader === null);',
        replace: ': true;',
      },
    ],
    simulation: true,
    test: null,
  },
  {
    fault: 6,
    name: 'a configuration stays when its entry is truncated',
    patches: [
      {
        file: 'runtime/raft/log.ts',
        find: 'this.#configurations = this.#configurations.filter((at) => at.index < index);',
        replace: '',
      },
    ],
    simulation: true,
    test: 'runtime/raft/membership.test.ts',
  },
  {
    fault: 7,
    name: 'answers of an earlier replication stream are believed',
    patches: [
      {
        file: 'runtime/raft/replication.ts',
        find: '  if (message.session !== progress.session) return;\n',
        replace: '',
      },
    ],
    simulation: false,
    test: 'runtime/raft/replication.test.ts',
  },
  {
    fault: 8,
    name: 'a node whose log is damaged goes on under its identity with an empty one',
    patches: [
      {
        file: 'runtime/datastore/recovery.ts',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a source file
        find: '    throw new DamagedError(`The consensus log is damaged: ${recovered.damaged}.`);',
        replace:
          '    { await log.reset(blankBase); state.remove(); return { log, machine: state.open(), base: blankBase, entries: [] }; }',
      },
    ],
    simulation: true,
    test: null,
  },
  {
    fault: 9,
    name: 'a leader ignores a higher term in an answer',
    patches: [
      {
        file: 'runtime/raft/receive.ts',
        find: '    default:\n      return true;\n',
        replace:
          "    case 'appendResponse':\n    case 'heartbeatResponse':\n      return false;\n    default:\n      return true;\n",
      },
    ],
    simulation: false,
    test: 'runtime/raft/election.test.ts',
  },
  {
    fault: 10,
    name: 'no pre-vote: a node that was cut off comes back with a higher term',
    patches: [
      {
        file: 'runtime/raft/election.ts',
        find: '  becomePreCandidate(node);\n  askForVotes(node, true, false);\n  takeVote(node, node.id, true);\n',
        replace: '  campaign(node, false);\n',
      },
    ],
    simulation: false,
    test: 'runtime/raft/election.test.ts',
  },
  {
    fault: 11,
    name: 'no check of the quorum: a leader nobody answers leads on',
    patches: [{ file: 'runtime/raft/tick.ts', find: 'if (!hearsQuorum(node)) {', replace: 'if (false) {' }],
    simulation: false,
    test: 'runtime/raft/election.test.ts',
  },
  {
    fault: 12,
    name: 'a read is answered before the first commit of the term',
    patches: [
      {
        file: 'runtime/raft/reads.ts',
        find: 'if (reads.queued.length === 0 || reads.running !== null || !hasCommittedInTerm(node)) return;',
        replace: 'if (reads.queued.length === 0 || reads.running !== null) return;',
      },
    ],
    simulation: true,
    test: 'runtime/raft/reads.test.ts',
  },
  {
    fault: 13,
    name: 'a read is answered without asking the quorum, also by a leader that has been replaced',
    patches: [
      {
        file: 'runtime/raft/reads.ts',
        find: '  if (!hasQuorum(node.log.configuration, confirmed)) return;\n',
        replace: '  void confirmed;\n',
      },
    ],
    simulation: true,
    test: 'runtime/raft/reads.test.ts',
  },
  {
    fault: 15,
    name: 'a rejection does not lead further back',
    patches: [
      {
        file: 'runtime/raft/replication.ts',
        find: 'progress.becomeProbe(toIndex(Math.min(message.index, meeting + 1)));',
        replace: 'progress.becomeProbe(progress.next);',
      },
    ],
    simulation: true,
    test: null,
  },
  {
    fault: 16,
    name: 'a snapshot carries an old configuration',
    patches: [
      {
        file: 'runtime/raft/log.ts',
        find: 'const at = this.#configurations.findLast((each) => each.index <= index);',
        replace: 'const at = this.#configurations.at(0);',
      },
    ],
    simulation: true,
    test: null,
  },
  {
    fault: 17,
    name: 'the state is copied as a file while it is written to',
    patches: [
      {
        file: 'runtime/datastore/storage-thread.ts',
        find: "    source.prepare('VACUUM INTO ?').run(snapshotFile);",
        replace: "    (await import('node:fs')).copyFileSync(stateFile, snapshotFile);",
      },
    ],
    simulation: false,
    test: 'runtime/datastore/snapshots.test.ts',
  },
  {
    fault: 18,
    name: 'the leader believes that a follower has what it lost',
    patches: [
      {
        file: 'runtime/raft/replication.ts',
        find: '    if (meeting < progress.match) progress.regress(++node.sessions, meeting);\n',
        replace: '',
      },
    ],
    simulation: false,
    test: 'runtime/raft/replication.test.ts',
  },
  {
    fault: 19,
    name: 'a torn last write keeps the node from starting',
    patches: [
      {
        file: 'runtime/datastore/log/recovery.ts',
        find: '      this.#truncatedTail = this.#damaged === null;',
        replace: "      this.#damage('torn');",
      },
    ],
    simulation: true,
    test: null,
  },
  {
    fault: 20,
    name: 'damage in the middle of the log is taken for a torn tail',
    patches: [
      {
        file: 'runtime/datastore/log/recovery.ts',
        find: '      let frame = findFrame(segment, nonce, end);\n',
        replace: '      let frame = null as ReturnType<typeof findFrame>;\n',
      },
    ],
    simulation: true,
    test: 'runtime/datastore/log/recovery.test.ts',
  },
  {
    fault: 21,
    name: 'messages of a faulty peer are not checked',
    patches: [
      {
        file: 'runtime/raft/raft.ts',
        find: 'if (isWellFormed(message, this.#node.id)) receive(this.#node, message);',
        replace: 'receive(this.#node, message);',
      },
    ],
    simulation: false,
    test: 'runtime/raft/validation.test.ts',
  },
  {
    fault: 22,
    name: 'a full disk ends the node instead of making it wait',
    patches: [
      {
        file: 'runtime/datastore/persist-queue.ts',
        find: "if (!(error instanceof LogStorageError) || error.code !== 'diskFull') {",
        replace: 'if (error instanceof LogStorageError) {',
      },
    ],
    simulation: false,
    test: 'runtime/datastore/persist-queue.test.ts',
  },
  {
    fault: 23,
    name: 'a write is confirmed before it is synced',
    patches: [
      {
        file: 'runtime/datastore/log/writer.ts',
        find: '      await file.writeSynced(bytes, offset);',
        replace: '      await file.write(bytes, offset);',
      },
    ],
    simulation: true,
    test: 'runtime/datastore/log/log-storage.test.ts',
  },
  {
    fault: 23,
    name: 'a leader counts its own copy before its disk has it',
    patches: [
      {
        file: 'runtime/raft/replication.ts',
        find: 'id === node.id ? log.durable :',
        replace: 'id === node.id ? log.lastIndex :',
      },
    ],
    simulation: true,
    test: 'runtime/raft/replication.test.ts',
  },
  {
    fault: 24,
    name: 'a command proposed again is applied again',
    patches: [
      {
        file: 'runtime/datastore/state-machine/sessions.ts',
        find: "if (answer === undefined) return { kind: 'new' };",
        replace: "if (answer === undefined || answer !== null) return { kind: 'new' };",
      },
    ],
    simulation: true,
    test: 'runtime/datastore/state-machine/state-machine.test.ts',
  },
  {
    fault: 25,
    name: 'a learner is promoted before it has caught up',
    patches: [
      {
        file: 'runtime/raft/membership.ts',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a source file
        find: 'return late === undefined ? null : `node ${late} is not a learner that has caught up`;',
        replace: 'return late === undefined ? null : null;',
      },
    ],
    simulation: false,
    test: 'runtime/raft/membership.test.ts',
  },
  {
    fault: 0,
    name: 'an answer that accepts entries leaves before they are on disk',
    patches: [
      {
        file: 'runtime/raft/following.ts',
        find: '  sendAfterPersist(node, message.from, { ...answer, hintIndex: index, hintTerm: term });',
        replace: '  send(node, message.from, { ...answer, hintIndex: index, hintTerm: term });',
      },
    ],
    simulation: true,
    test: 'runtime/raft/replication.test.ts',
  },
  {
    fault: 0,
    name: 'a lease is renewed by a leader that has not made sure that it leads',
    patches: [
      {
        file: 'runtime/datastore/local-core.ts',
        find: '    if (!(await this.#leadsForSure())) return null;\n    const seconds',
        replace: '    if (!this.leads) return null;\n    const seconds',
      },
    ],
    simulation: true,
    test: 'runtime/datastore/lease-renewal.test.ts',
  },
  {
    fault: 0,
    name: 'a spare that has let go of its log votes as if it had promised nothing',
    patches: [
      {
        file: 'runtime/raft/node.ts',
        find: 'return !node.withholdVotes && node.log.durable >= node.voteFloor;',
        replace: 'return !node.withholdVotes;',
      },
    ],
    simulation: true,
    test: 'runtime/raft/election.test.ts',
  },
];
