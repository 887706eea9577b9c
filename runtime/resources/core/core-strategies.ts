/** The kinds of the core group, by their resources. Those that are not here are stored nowhere. Pure. */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import { configMaps } from './config-maps.ts';
import { endpoints } from './endpoints.ts';
import { events } from './events.ts';
import { limitRanges } from './limit-ranges.ts';
import { namespaces } from './namespaces.ts';
import { nodes } from './nodes.ts';
import { podTemplates } from './pod-templates.ts';
import { pods } from './pods/pods.ts';
import { replicationControllers } from './replication-controllers.ts';
import { resourceQuotas } from './resource-quotas.ts';
import { secrets } from './secrets.ts';
import { serviceAccounts } from './service-accounts.ts';
import { services } from './services/services.ts';
import { persistentVolumeClaims } from './volumes/persistent-volume-claims.ts';
import { persistentVolumes } from './volumes/persistent-volumes.ts';

export const coreStrategies: Readonly<Record<string, Strategy>> = {
  '/configmaps': configMaps,
  '/endpoints': endpoints,
  '/events': events,
  '/limitranges': limitRanges,
  '/namespaces': namespaces,
  '/nodes': nodes,
  '/persistentvolumeclaims': persistentVolumeClaims,
  '/persistentvolumes': persistentVolumes,
  '/pods': pods,
  '/podtemplates': podTemplates,
  '/replicationcontrollers': replicationControllers,
  '/resourcequotas': resourceQuotas,
  '/secrets': secrets,
  '/serviceaccounts': serviceAccounts,
  '/services': services,
};
