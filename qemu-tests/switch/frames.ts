/** QEMU's framing of Ethernet on a stream: each frame behind its length, four bytes, big-endian. */

/** A destination, a source and a type; anything shorter is not Ethernet. */
export const shortestFrameBytes = 14;

/** What QEMU itself accepts (NET_BUFSIZE): 64 KiB for segmentation offload, and its headers. */
export const longestFrameBytes = 4096 + 65_536;

const lengthBytes = 4;

/** The stream holds what cannot be a frame; there is no way to find the next one. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly code = 'badLength';
}

/** Puts the length before a frame. */
export function encodeFrame(frame: Uint8Array): Buffer {
  const encoded = Buffer.allocUnsafe(lengthBytes + frame.length);
  encoded.writeUInt32BE(frame.length);
  encoded.set(frame, lengthBytes);
  return encoded;
}

/** Finds the frames in a stream that arrives in pieces. Holds at most one unfinished frame. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);

  /** @returns the frames that are complete now, with their lengths before them. Throws `FrameError`. */
  push(chunk: Buffer): Buffer[] {
    let rest = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const frames: Buffer[] = [];
    while (rest.length >= lengthBytes) {
      const length = rest.readUInt32BE();
      if (length < shortestFrameBytes || length > longestFrameBytes) {
        throw new FrameError(`a frame of ${length} bytes on the wire: that is no Ethernet from QEMU`);
      }
      const end = lengthBytes + length;
      if (rest.length < end) break;
      frames.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    this.#pending = rest;
    return frames;
  }
}

/** The addresses in an encoded frame, as text for use as keys. */
export function addressesOf(encoded: Buffer): { readonly destination: string; readonly source: string } {
  return {
    destination: encoded.toString('hex', lengthBytes, lengthBytes + 6),
    source: encoded.toString('hex', lengthBytes + 6, lengthBytes + 12),
  };
}

/** Broadcast and multicast: the lowest bit of the first byte. */
export function isGroupAddress(address: string): boolean {
  return (Number.parseInt(address.slice(0, 2), 16) & 1) === 1;
}
