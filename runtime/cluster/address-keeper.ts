/** The address book, kept on disk, so that a node finds its peers again after a restart without discovery. */
import path from 'node:path';
import * as z from 'zod';
import { readTextIfPresent, writeFileDurably } from '../files/durable.ts';
import { AddressBook, defaultPeerPort, formatEndpoint, parseEndpoint } from '../peers/address-book.ts';
import type { NodeId } from '../raft/types.ts';

const fileSchema = z.array(z.object({ id: z.string().regex(/^[0-9a-f]{16}$/), address: z.string() }));

export interface AddressKeeper {
  readonly book: AddressBook;
  /** What the roster or the leader says; taken as the best hint when it is news from there. */
  learn(id: NodeId, address: string, from?: 'roster' | 'leader'): void;
  /** Writes the file if something changed. A failure costs a slower start some day, nothing else. */
  save(): void;
}

export function openAddressKeeper(dataDirectory: string): AddressKeeper {
  const file = path.join(dataDirectory, 'peers.json');
  const book = new AddressBook();
  // Apart for each, or two that differ would be news in turns for ever.
  const told = { roster: new Map<NodeId, string>(), leader: new Map<NodeId, string>() };
  let saved = '';
  for (const { id, address } of readHints(file)) {
    const endpoint = parseEndpoint(address, defaultPeerPort);
    if (endpoint) book.addLast(id as NodeId, endpoint);
  }
  return {
    book,
    learn: (id, address, from = 'roster') => {
      const endpoint = parseEndpoint(address, defaultPeerPort);
      if (endpoint === null || told[from].get(id) === address) return;
      told[from].set(id, address);
      book.add(id, endpoint);
    },
    save: () => {
      const hints = book.entries().map(({ id, endpoint }) => ({ id, address: formatEndpoint(endpoint) }));
      const text = `${JSON.stringify(hints, null, 2)}\n`;
      if (text === saved) return;
      try {
        writeFileDurably(file, text);
        saved = text;
      } catch {
        // Tried again with the next change.
      }
    },
  };
}

function readHints(file: string): z.infer<typeof fileSchema> {
  try {
    return fileSchema.parse(JSON.parse(readTextIfPresent(file) ?? '[]'));
  } catch {
    return [];
  }
}
