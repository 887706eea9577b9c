/** What a node tells about itself and its machine (`node.info`). */
import { totalmem, uptime } from 'node:os';
import type { NodeInfo } from '../admin/protocol.ts';
import { readAvailableMemory } from '../cluster/load.ts';
import { version } from '../version.ts';

export function describeNode({ id, name }: { readonly id: string; readonly name: string }): NodeInfo {
  return {
    id,
    name,
    version,
    uptimeSeconds: Math.round(process.uptime()),
    bootUptimeSeconds: Math.round(uptime()),
    memory: {
      totalBytes: totalmem(),
      availableBytes: readAvailableMemory(),
      agentResidentBytes: process.memoryUsage.rss(),
    },
  };
}
