/** Where the pieces of a program lie in its file: behind one another, each where the kernel can map it. */
import type { Segment } from '../../formats/elf/file.ts';

export class FileLayout {
  readonly #pageSize: number;
  readonly #headLength: number;
  readonly #pieces: { readonly offset: number; readonly content: Uint8Array }[] = [];
  #length: number;

  /** @param headLength how much of the file is there already. */
  constructor(pageSize: number, headLength: number) {
    this.#pageSize = pageSize;
    this.#headLength = headLength;
    this.#length = headLength;
  }

  /** Appends a segment's content at an offset that is its address, modulo the page size; the segment as placed. */
  place(segment: Segment, content: Uint8Array): Segment {
    const distance = (segment.address - this.#length) % this.#pageSize;
    const fileOffset = this.#length + (distance < 0 ? distance + this.#pageSize : distance);
    this.#pieces.push({ offset: fileOffset, content });
    this.#length = fileOffset + content.length;
    return {
      ...segment,
      ...{ fileOffset, fileSize: content.length, alignment: this.#pageSize },
      memorySize: Math.max(segment.memorySize, content.length),
    };
  }

  /** The whole file; what lies between the pieces is zero. */
  write(head: Uint8Array): Buffer {
    const bytes = Buffer.alloc(this.#length);
    bytes.set(head.subarray(0, this.#headLength));
    for (const { offset, content } of this.#pieces) bytes.set(content, offset);
    return bytes;
  }
}

export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
