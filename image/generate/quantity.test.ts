/** Our quantities against the tables of Kubernetes' own tests. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { canonicalQuantity } from '../../runtime/apiserver/schemas/quantity.ts';
import { openCache } from '../cache/cache.ts';
import { provideSources } from './sources.ts';

const sources = await provideSources(openCache(), { offline: false });
const file = path.join(sources.go, 'k8s.io/apimachinery/pkg/api/resource/quantity_test.go');
const text = readFileSync(file, 'utf8');

/** The body of one of its functions. */
function bodyOf(name: string): string {
  return new RegExp(`^func ${name}\\([\\s\\S]*?^}`, 'm').exec(text)![0];
}

t.test('canonicalQuantity writes what Kubernetes writes', async (t) => {
  const pairs = [...bodyOf('TestQuantityParseEmit').matchAll(/\{"([^"]+)", "([^"]+)"\}/g)];
  t.equal(pairs.length, 9);
  for (const [, input = '', expected = ''] of pairs) {
    t.equal(canonicalQuantity(input), expected, input);
    t.equal(canonicalQuantity(`-${input}`), `-${expected}`, `-${input}`);
  }
});

t.test('canonicalQuantity refuses what Kubernetes refuses', async (t) => {
  const invalid = /invalid := \[\]string\{([\s\S]*?)\n\t\}/.exec(bodyOf('TestQuantityParse'))![1]!;
  const inputs = [...invalid.matchAll(/^\s*"([^"]*)",/gm)].map(([, input]) => input!);
  t.equal(inputs.length, 11);
  for (const input of inputs) t.equal(canonicalQuantity(input), null, input);
});

t.test('canonicalQuantity takes what Kubernetes takes', async (t) => {
  const inputs = [...bodyOf('TestQuantityParse').matchAll(/^\s*\{"([^"]+)", /gm)].map(([, input]) => input!);
  t.ok(inputs.length > 50, `${inputs.length} quantities`);
  for (const input of inputs) {
    const written = canonicalQuantity(input);
    t.not(written, null, input);
    // What is written is in its form already.
    t.equal(canonicalQuantity(written!), written, input);
  }
});
