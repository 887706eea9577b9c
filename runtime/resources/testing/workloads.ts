/** Small objects that the real server takes. */

export const template = {
  metadata: { labels: { app: 'a' } },
  spec: { containers: [{ name: 'c', image: 'i' }] },
};
const selector = { matchLabels: { app: 'a' } };

export const deployment = workload('Deployment', { selector, template });
export const replicaSet = workload('ReplicaSet', { selector, template });
export const daemonSet = workload('DaemonSet', { selector, template });
export const statefulSet = workload('StatefulSet', { selector, template, serviceName: 's' });

const onceTemplate = { spec: { ...template.spec, restartPolicy: 'Never' } };
export const job = {
  ...{ kind: 'Job', apiVersion: 'batch/v1', metadata: { name: 'j' } },
  spec: { template: onceTemplate },
};
export const cronJob = {
  ...{ kind: 'CronJob', apiVersion: 'batch/v1', metadata: { name: 'c' } },
  spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: onceTemplate } } },
};

function workload(kind: string, spec: object) {
  return { kind, apiVersion: 'apps/v1', metadata: { name: 'a' }, spec };
}
