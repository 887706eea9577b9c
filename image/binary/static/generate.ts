/**
 * The generated part of the link: Node's slots and thread-local block as assembly, its addresses as a linker script.
 * glue/glue.h declares what is defined here.
 */
import type { Architecture } from '../../architecture.ts';
import { knownCopies, knownWeakImports, replacedImports } from './known-imports.ts';
import type { NodeFacts, Slot } from './node-facts.ts';

/** The most that anything thread-local in the libraries wants; their blocks come before Node's on x86_64. */
const threadLocalAlignment = 64;
export const threadBlockSymbol = 'node_thread_block';

const noExecutableStack = '.section .note.GNU-stack,"",%progbits';

/** relocations.S: what goes into which slot, what is copied where, and which names are Node's own places. */
export function relocationsAssembly(facts: NodeFacts): string {
  const copied = facts.copies.filter(({ name }) => knownCopies.get(name)?.way === 'copy');
  const aliases = facts.copies.flatMap(({ name, address }) => {
    const copying = knownCopies.get(name);
    return copying?.way === 'alias' ? [name, ...copying.alsoKnownAs].map((alias) => [alias, address]) : [];
  });
  return lines([
    noExecutableStack,
    ...facts.weakImports.map((name) => `.weak ${name}`),
    ...aliases.map(([name, address]) => `.globl ${name}\n.set ${name}, ${address}`),
    '.section .rodata.glue,"a"',
    '.balign 8',
    ...table(
      'glue_slots',
      facts.slots.map(({ address, value }) => `${address}, ${slotValue(value)}`),
    ),
    ...table(
      'glue_copies',
      copied.map(({ address, name, sizeBytes }) => `${address}, ${name}, ${sizeBytes}`),
    ),
  ]);
}

function slotValue(value: Slot['value']): string {
  if ('address' in value) return String(value.address);
  const name = replacedImports.get(value.symbol) ?? value.symbol;
  return value.addend === 0 ? name : `${name} + ${value.addend}`;
}

function table(name: string, rows: readonly string[]): string[] {
  return [
    `.globl ${name}`,
    `${name}:`,
    ...rows.map((row) => `.quad ${row}`),
    `.globl ${name}_end`,
    `${name}_end:`,
  ];
}

/**
 * thread-local.S: room for Node's own thread-local block, where Node's code expects it. Where the block comes first it
 * is initialized here; where it comes last, the merge fills it, because the libraries' uninitialized data precede it.
 */
export function threadLocalAssembly(facts: NodeFacts, architecture: Architecture): string {
  const { fileOffset, fileSize, memorySize } = facts.threadLocal;
  const initial = facts.file.bytes.subarray(fileOffset, fileOffset + fileSize);
  const isFirst = architecture.elf.threadLocalBlock === 'first';
  const sizeBytes = isFirst ? memorySize : threadBlockBytes(facts);
  return lines([
    noExecutableStack,
    isFirst ? '.section .tdata,"awT",%progbits' : '.section .tbss,"awT",%nobits',
    `.balign ${isFirst ? 16 : threadLocalAlignment}`,
    `.globl ${threadBlockSymbol}`,
    `.type ${threadBlockSymbol}, %object`,
    `.size ${threadBlockSymbol}, ${sizeBytes}`,
    `${threadBlockSymbol}:`,
    ...(isFirst ? [...initial].map((byte) => `.byte ${byte}`) : []),
    `.zero ${isFirst ? memorySize - fileSize : sizeBytes}`,
  ]);
}

/** The size of Node's block when it comes last, rounded up so that it ends where the whole segment does. */
export function threadBlockBytes(facts: NodeFacts): number {
  return Math.ceil(facts.threadLocal.memorySize / threadLocalAlignment) * threadLocalAlignment;
}

/** node-symbols.ld: addresses in Node's program, by the names that glue and addon call them. */
export function nodeSymbolsScript(facts: NodeFacts): string {
  const places = new Map(facts.copies.map(({ name, address }) => [name, address]));
  const symbols: [string, number | undefined][] = [
    ['node_main', facts.functions.get('main')],
    ['node_init_array', facts.initArray.start],
    ['node_init_array_end', facts.initArray.end],
    ['node_fini_array', facts.finiArray.start],
    ['node_fini_array_end', facts.finiArray.end],
    ['node_text_start', facts.text.start],
    ['node_text_end', facts.text.end],
    ['node_exception_frames', facts.exceptionFrames],
    ['node_read_only_start', facts.readOnlyAfterStart.start],
    ['node_read_only_end', facts.readOnlyAfterStart.end],
    ['node_once_callable_offset', facts.threadSlots.get('_ZSt15__once_callable')],
    ['node_once_call_offset', facts.threadSlots.get('_ZSt11__once_call')],
    ['node_time_zone_names', places.get('__tzname')],
    ['node_time_zone_offset', places.get('__timezone')],
  ];
  const functions = [...facts.functions].filter(([name]) => name !== 'main').sort();
  return lines([
    ...symbols.map(([name, address]) => `${name} = ${hex(address)};`),
    ...functions.map(([name, address]) => `PROVIDE(${name} = ${hex(address)});`),
  ]);
}

/** Names that the linker must look for although nothing but a weak reference asks for them. */
export function wantedSymbols(facts: NodeFacts): readonly string[] {
  return facts.weakImports.filter((name) => knownWeakImports.get(name) === 'link');
}

function hex(address: number | undefined): string {
  // Every one of these was checked when the facts were read.
  if (address === undefined) throw new Error('an address of Node was not read');
  return `0x${address.toString(16)}`;
}

function lines(parts: readonly string[]): string {
  return `${parts.join('\n')}\n`;
}
