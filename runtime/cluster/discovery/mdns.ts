/**
 * Discovery by multicast DNS for the node's whole life: says on every link where this node listens, and hears where others
 * do. The address is the sender's, which is the one that works on this link. Links are looked at every second: a new
 * address is announced at once.
 */
import { networkInterfaces } from 'node:os';
import { type Announcement, encodeAnnouncement, encodeQuestion, readPacket } from './announcement.ts';
import type { Hint, HintSource } from './hints.ts';
import { findLinks, type Link, type LinkChoice } from './links.ts';
import { MdnsSocket } from './mdns-socket.ts';

const lookMilliseconds = 1_000;
/** Rounds of one second between two announcements when nobody is missed. */
const calmRounds = 10;
/** A link that has just come up loses what is said first. */
const repeatedRounds = 3;
/** An announcement is not said again on a link within this time (RFC 6762, 6). */
const answerMilliseconds = 1_000;

export interface MdnsOptions {
  readonly own: Announcement;
  readonly links: LinkChoice;
}

/** Starts announcing and listening. Only announcements of the own cluster's name are hints. */
export function startMdns({ own, links: choice }: MdnsOptions, onHint: (hint: Hint) => void): HintSource {
  const speakers = new Map<string, Speaker>();
  let eager = true;
  let round = 0;
  let repeatUntil = 0;
  const hear = (announcement: Announcement, sender: string): void => {
    const { id, clusterName, port } = announcement;
    if (clusterName !== own.clusterName || id === own.id) return;
    onHint({ id, endpoint: { host: sender, port }, origin: 'heard' });
  };
  const look = (): void => {
    round += 1;
    const links = new Map(findLinks(networkInterfaces(), choice).map((link) => [link.key, link]));
    for (const [key, speaker] of speakers) {
      if (links.has(key)) continue;
      speaker.close();
      speakers.delete(key);
    }
    for (const [key, link] of links) {
      if (speakers.has(key)) continue;
      repeatUntil = round + repeatedRounds;
      speakers.set(key, new Speaker(link, own, hear));
    }
    if (!eager && round > repeatUntil && round % calmRounds !== 0) return;
    for (const speaker of speakers.values()) speaker.ask();
  };
  look();
  const timer = setInterval(look, lookMilliseconds);
  return {
    setEager: (value) => {
      eager = value;
    },
    problems: () => [],
    close: () => {
      clearInterval(timer);
      for (const speaker of speakers.values()) speaker.close();
    },
  };
}

/** One link's voice. */
class Speaker {
  readonly #socket: MdnsSocket;
  readonly #question: Uint8Array;
  readonly #announcement: Uint8Array;
  #saidAt = Number.NEGATIVE_INFINITY;
  #answering: NodeJS.Timeout | null = null;

  constructor(link: Link, own: Announcement, onHeard: (heard: Announcement, sender: string) => void) {
    this.#question = encodeQuestion(own.id);
    this.#announcement = encodeAnnouncement(own, link.addresses);
    this.#socket = new MdnsSocket(
      link,
      () => this.ask(),
      (bytes, sender) => {
        const packet = readPacket(bytes);
        if (packet?.kind === 'question' && !packet.known.includes(own.id)) this.#answer();
        if (packet?.kind === 'announcement') onHeard(packet.announcement, sender);
      },
    );
  }

  /** Asks who is there, and says who asks. */
  ask(): void {
    this.#socket.send(this.#question);
    this.#say();
  }

  close(): void {
    if (this.#answering !== null) clearTimeout(this.#answering);
    this.#socket.close();
  }

  /** However many ask, a link hears one answer a second; who asked meanwhile hears that one. */
  #answer(): void {
    if (this.#answering !== null) return;
    const wait = this.#saidAt + answerMilliseconds - performance.now();
    if (wait <= 0) this.#say();
    else this.#answering = setTimeout(() => this.#say(), wait);
  }

  #say(): void {
    if (this.#answering !== null) clearTimeout(this.#answering);
    this.#answering = null;
    this.#saidAt = performance.now();
    this.#socket.send(this.#announcement);
  }
}
