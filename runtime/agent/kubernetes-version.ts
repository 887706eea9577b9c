/** What `/version` says: clients decide by the minor version what they may ask. (k8s.io/apimachinery/pkg/version) */
import { commit, version } from '../version.ts';

/** Of the definitions that the schemas are made of. */
const kubernetes = '1.32.3';

export function kubernetesVersion(): Readonly<Record<string, string>> {
  const [major = '', minor = ''] = kubernetes.split('.');
  const hash = commit();
  return {
    ...{ major, minor, gitVersion: `v${kubernetes}+trivet.${version}`, gitCommit: hash.replace('+', '') },
    gitTreeState: hash.endsWith('+') ? 'dirty' : 'clean',
    // An image has no other time than its source's; the clock of a build is nobody's business.
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: 'none',
    compiler: `node ${process.version}`,
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}
