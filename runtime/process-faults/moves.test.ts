/** Machines whose addresses change find each other again by discovery alone. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import t from 'tap';
import { sandboxWords } from './sandbox.ts';

t.setTimeout(900_000);
// The machines mostly wait, each story's in namespaces of its own.
t.jobs = 2;

const main = path.join(import.meta.dirname, 'moves.ts');
const cannot = sandboxWords() === null && 'no namespaces for this user';

function run(...words: string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, output })));
}

const stories = {
  multicast: 'all three get addresses in another subnet while off: multicast DNS',
  ipv6: 'machines without IPv4 form a cluster and get other link-local addresses while off',
  names: 'all three move while off: host names that point elsewhere now',
  services: 'all three move while off: SRV entries of a domain',
  lease: 'a follower, then the leader, get other IPv4 addresses while they run',
  subnet: 'a follower, then the leader, are left with link-local IPv6 while they run',
  flood: 'a stranger floods the link with lies: a cluster forms, writes go on, and one that moves is found',
};

for (const [story, what] of Object.entries(stories)) {
  t.test(what, { skip: cannot, buffered: true }, async (t) => {
    const { status, output } = await run(story);
    t.comment(output);
    t.equal(status, 0);
    t.match(output, /^formed after/m);
  });
}

t.test('an unknown story is wrong usage', async (t) => {
  t.match(await run('nothing'), { status: 2, output: /name a story: multicast, / });
});
