import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { architectureOf } from '../architecture.ts';
import { checkout } from '../checkout.ts';
import { bundleRuntime, runtimeEntryPoints } from './bundle.ts';

t.test('bundleRuntime keeps what is rarely needed out of the bundles of an idle agent', async (t) => {
  const directory = t.testdir({});
  const architecture = architectureOf('x86_64');
  const build = { version: '1', commit: 'none', linkage: 'static' } as const;
  const used = await bundleRuntime({ checkout, architecture, ...build, outputDirectory: directory });
  const names = Object.keys(runtimeEntryPoints).map((name) => `${name}.cjs`);
  t.same(readdirSync(directory).sort(), names.sort());
  const has = (name: string, text: string): boolean =>
    readFileSync(path.join(directory, name), 'utf8').includes(text);
  // What each library says of itself, in any bundle that has it.
  const [grpc, x509, zod] = ['grpc-node-js/', 'tsyringe', 'ZodError'];
  t.ok(has('grpc.cjs', grpc) && has('x509.cjs', x509) && has('agent.cjs', zod));
  for (const name of ['agent.cjs', 'core-thread.cjs']) {
    t.ok(has(name, 'require("./grpc.cjs")'), `${name} can load gRPC`);
    t.notOk(has(name, grpc) || has(name, x509), `${name} does not hold it`);
  }
  t.ok(has('core-thread.cjs', 'require("./certificates.cjs")'));
  t.ok(has('certificates.cjs', 'require("./x509.cjs")') && !has('certificates.cjs', x509));
  t.notOk(has('trivet.cjs', zod) || has('trivet.cjs', grpc), 'the commands load no schemas');
  t.ok(used.includes(path.join(checkout, 'runtime/main.ts')), 'and says what it took');
});
