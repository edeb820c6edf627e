import { Cluster, type ClusterConfig } from '@casty/membership'
import type { Program } from '../world/simulated-process.ts'

/** Nobody may take a partition for an empty world and form a second cluster. */
const patientSeedMs = 3_600_000

/** A program that is a node of a cluster, with production code throughout. */
export function clusterProgram(
  seedNodes: () => readonly string[],
  config: Partial<ClusterConfig> = {},
): Program<Cluster> {
  return async ({ address, clock, random, transport, log, exit }) => {
    const say =
      (level: string) =>
      (details: object, message: string): void =>
        log(`${level} ${message} ${textOf(details)}`)
    const cluster = await Cluster.start({
      transport,
      host: address.host,
      port: address.port,
      insecure: true,
      seedNodes: seedNodes(),
      seedTimeoutMs: patientSeedMs,
      clock,
      random,
      logger: { debug: () => {}, info: say('info'), warn: say('warn'), error: say('error') },
      ...config,
    })
    cluster.subscribe((event) => {
      if (event.type === 'cluster-shutting-down')
        void closed(cluster).then(() => exit(event.reason))
    })
    return cluster
  }
}

/** Resolves once a node that has stopped, whyever, has closed its connections and let go of its address. */
export async function closed(cluster: Cluster): Promise<void> {
  await cluster.leave().catch(() => {}) // That it was downed is told elsewhere.
}

function textOf(details: object): string {
  return 'error' in details ? String(details.error) : JSON.stringify(details)
}
