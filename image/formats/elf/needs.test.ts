import { readFileSync } from 'node:fs';
import t from 'tap';
import { readElfNeeds } from './needs.ts';

t.test('readElfNeeds finds libraries and loader of a program', async (t) => {
  const needs = readElfNeeds(readFileSync(process.execPath));
  t.ok(needs?.libraries.includes('libc.so.6'));
  t.match(needs?.interpreter, /^\/lib.*\/ld-linux/);
});

t.test('readElfNeeds knows a library needs no loader', async (t) => {
  const addon = readFileSync('node_modules/better-sqlite3/prebuilds/linux-x64.node');
  const needs = readElfNeeds(addon);
  t.equal(needs?.interpreter, null);
  t.ok(needs?.libraries.includes('libc.so.6'));
});

t.test('readElfNeeds answers null for what is not ELF', async (t) => {
  t.equal(readElfNeeds(Buffer.from('#!/bin/sh\n'.repeat(20))), null);
  t.equal(readElfNeeds(new Uint8Array()), null);
});
