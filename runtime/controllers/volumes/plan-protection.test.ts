import t from 'tap';
import type { ApiObject, ObjectMetadata } from '../../apiserver/objects/object-bytes.ts';
import { claimsOf, planClaim, planVolume } from './plan-protection.ts';

const deletionTimestamp = '2026-01-01T00:00:00Z';
const finalizers = ['kubernetes.io/pvc-protection', 'example.com/other'];

function claim(name: string, more: ObjectMetadata = {}): ApiObject {
  const metadata = { name, namespace: 'd', finalizers, deletionTimestamp, ...more };
  return { kind: 'PersistentVolumeClaim', apiVersion: 'v1', metadata };
}

function pod(volume: object, more: ObjectMetadata = {}, nodeName = 'n'): ApiObject {
  const metadata = { name: 'p', namespace: 'd', uid: 'pod-uid', ...more };
  return { kind: 'Pod', apiVersion: 'v1', metadata, spec: { nodeName, volumes: [{ name: 'v', ...volume }] } };
}

function volume(phase: string, metadata: ObjectMetadata): ApiObject {
  return {
    kind: 'PersistentVolume',
    apiVersion: 'v1',
    metadata: { name: 'v', ...metadata },
    status: { phase },
  };
}

const using = { persistentVolumeClaim: { claimName: 'c' } };
const released = { kind: 'update', object: { metadata: { finalizers: ['example.com/other'] } } };

t.test('planClaim lets a claim go that no pod on a node uses', async (t) => {
  t.match(planClaim({ claim: claim('c'), pods: [] }), [released]);
  t.match(planClaim({ claim: claim('c'), pods: [pod(using, {}, '')] }), [released], 'it has no node yet');
  t.match(planClaim({ claim: claim('other'), pods: [pod(using)] }), [released]);
  t.same(planClaim({ claim: claim('c'), pods: [pod(using)] }), []);
  const ended = { deletionTimestamp, deletionGracePeriodSeconds: 0 };
  t.same(planClaim({ claim: claim('c'), pods: [pod(using, ended)] }), [], 'as long as it is there');
});

t.test('planClaim knows the claims that are made for volumes of one pod', async (t) => {
  const own = claim('p-v', { ownerReferences: [{ uid: 'pod-uid', controller: true }] });
  const ephemeral = { ephemeral: { volumeClaimTemplate: {} } };
  t.same(claimsOf(pod(ephemeral)), ['p-v']);
  t.same(claimsOf(pod(using)), ['c']);
  t.same(planClaim({ claim: own, pods: [pod(ephemeral)] }), []);
  t.match(planClaim({ claim: claim('p-v'), pods: [pod(ephemeral)] }), [released], 'another one of that name');
  const ended = { deletionTimestamp, deletionGracePeriodSeconds: 0 };
  t.match(planClaim({ claim: own, pods: [pod(ephemeral, ended)] }), [released], 'its node is done with it');
});

t.test('planClaim protects what is without protection, and leaves the rest alone', async (t) => {
  const living: ApiObject = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', metadata: { name: 'c' } };
  t.match(planClaim({ claim: living, pods: [] }), [
    { kind: 'update', object: { metadata: { finalizers: ['kubernetes.io/pvc-protection'] } } },
  ]);
  const { deletionTimestamp: _, ...metadata } = claim('c').metadata;
  t.same(planClaim({ claim: { ...living, metadata }, pods: [] }), []);
  t.same(planClaim({ claim: claim('c', { finalizers: ['example.com/other'] }), pods: [] }), []);
  t.same(planClaim({ claim: null, pods: [] }), []);
});

t.test('planVolume waits for the claim', async (t) => {
  const deleted = { deletionTimestamp, finalizers: ['kubernetes.io/pv-protection'] };
  t.same(planVolume(volume('Bound', deleted)), []);
  t.match(planVolume(volume('Available', deleted)), [
    { kind: 'update', object: { metadata: { finalizers: [] } } },
  ]);
  t.match(planVolume(volume('Pending', {})), [
    { object: { metadata: { finalizers: ['kubernetes.io/pv-protection'] } } },
  ]);
  t.same(planVolume(null), []);
});
