/**
 * What happens to every message before its own handler gets it: the rules of terms (section 3.3), of strangers
 * and of live leaders (4.2.3). A node moves to a higher term on any kind of message that carries one, except
 * pre-votes, which only ask.
 */
import { isMember, members } from './configuration.ts';
import { hearsLeader, onTimeoutNow, onVoteRequest, onVoteResponse } from './election.ts';
import { onAppendRequest, onHeartbeat, onInstallSnapshot } from './following.ts';
import { type RaftNode, send } from './node.ts';
import { onReadIndexRequest, onReadIndexResponse } from './reads.ts';
import { onAppendResponse, onHeartbeatResponse } from './replication.ts';
import { becomeFollower } from './roles.ts';
import type { AppendRequest, Heartbeat, InstallSnapshot, Message } from './types.ts';
import { NO_INDEX, NO_TERM } from './units.ts';

/** A node outside our configuration may be right about a new term, but not by this much. */
const MOST_TERMS_A_STRANGER_ADDS = 1_000_000;

type FromLeader = AppendRequest | Heartbeat | InstallSnapshot;

export function receive(node: RaftNode, message: Message): void {
  if (isStranger(node, message) && !mayStrangerSay(node, message)) return;
  if (message.term > node.term) {
    if (message.type === 'voteRequest' && !message.transfer && hearsLeader(node)) return;
    if (message.type === 'timeoutNow') return;
    if (raisesTerm(message)) becomeFollower(node, message.term, null);
  } else if (message.term < node.term) {
    answerLate(node, message);
    return;
  }
  dispatch(node, message);
}

function dispatch(node: RaftNode, message: Message): void {
  switch (message.type) {
    case 'voteRequest':
      onVoteRequest(node, message);
      break;
    case 'voteResponse':
      onVoteResponse(node, message);
      break;
    case 'appendRequest':
      if (follow(node, message)) onAppendRequest(node, message);
      break;
    case 'heartbeat':
      if (follow(node, message)) onHeartbeat(node, message);
      break;
    case 'installSnapshot':
      if (follow(node, message)) onInstallSnapshot(node, message);
      break;
    case 'appendResponse':
      onAppendResponse(node, message);
      break;
    case 'heartbeatResponse':
      onHeartbeatResponse(node, message);
      break;
    case 'readIndexRequest':
      onReadIndexRequest(node, message);
      break;
    case 'readIndexResponse':
      onReadIndexResponse(node, message);
      break;
    case 'timeoutNow':
      onTimeoutNow(node, message);
  }
}

/** Takes the sender for the leader of this term; false if there is another one, so that the sender is broken. */
function follow(node: RaftNode, message: FromLeader): boolean {
  if (node.role === 'leader' || (node.leader !== null && node.leader !== message.from)) return false;
  if (node.leader === null) becomeFollower(node, node.term, message.from);
  node.electionElapsed = 0;
  return true;
}

/**
 * An answer from an earlier term is dropped. Who still asks or leads there learns of the present term: with
 * pre-vote nothing else would bring back together a leader and a node that is ahead of it by a term.
 */
function answerLate(node: RaftNode, message: Message): void {
  const { from } = message;
  const { term } = node;
  switch (message.type) {
    case 'voteRequest':
      send(node, from, { type: 'voteResponse', term, preVote: message.preVote, granted: false });
      break;
    case 'appendRequest':
    case 'heartbeat':
    case 'installSnapshot': {
      const { session } = message;
      const hints = { index: NO_INDEX, hintIndex: NO_INDEX, hintTerm: NO_TERM };
      send(node, from, { type: 'appendResponse', term, session, accepted: false, ...hints });
      break;
    }
    case 'readIndexRequest':
      send(node, from, { type: 'readIndexResponse', term, context: message.context, index: null });
      break;
    default:
      break;
  }
}

function raisesTerm(message: Message): boolean {
  switch (message.type) {
    case 'voteRequest':
      return !message.preVote;
    case 'voteResponse':
      // A granted pre-vote repeats the term asked for, which nobody has entered yet.
      return !(message.preVote && message.granted);
    default:
      return true;
  }
}

/** A node that knows no configuration yet knows no strangers: it takes the leader that has let it in. */
function isStranger(node: RaftNode, message: Message): boolean {
  const { configuration } = node.log;
  if (message.from === node.leader || members(configuration).length === 0) return false;
  return !isMember(configuration, message.from);
}

/**
 * What a node outside our configuration may do. It may lead: we may have missed the entry that added it. It
 * may ask for votes and reads. But we have asked it nothing, so its answers are not ours.
 */
function mayStrangerSay(node: RaftNode, message: Message): boolean {
  switch (message.type) {
    case 'voteRequest':
    case 'appendRequest':
    case 'heartbeat':
    case 'installSnapshot':
      return message.term <= node.term + MOST_TERMS_A_STRANGER_ADDS;
    case 'readIndexRequest':
      return message.term <= node.term;
    default:
      return false;
  }
}
