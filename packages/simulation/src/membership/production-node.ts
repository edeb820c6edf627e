// The node of a simulated process: production code throughout.
import { Cluster, type ClusterConfig, type Logger } from '@casty/membership'
import { addressOf } from '../world/addresses.ts'
import type { Surroundings } from '../world/simulated-process.ts'

/** Nobody may take a partition for an empty world and form a second cluster. */
const patientSeedMs = 3_600_000

/** Starts it. */
export async function startCluster(
  { address, clock, random, transport }: Surroundings,
  seedNodes: readonly string[],
  config: Partial<ClusterConfig>,
): Promise<Cluster> {
  return await Cluster.start({
    transport,
    host: address.host,
    port: address.port,
    insecure: true,
    seedNodes,
    seedTimeoutMs: patientSeedMs,
    clock,
    random,
    ...config,
  })
}

/** Where the first contacts of whoever starts are: on all hosts of the world. */
export function seedsOn(hosts: readonly string[]): readonly string[] {
  return hosts.map((one) => addressOf(one).toString())
}

/** Resolves once a node that has stopped, whyever, has closed its connections and let go of its address. */
export async function closed(cluster: Cluster): Promise<void> {
  await cluster.leave().catch(() => {}) // That it was downed is told elsewhere.
}

/**
 * Writes into the trace of the run.
 *
 * @param failed - told of the errors that are logged as such, with what was said of them
 */
export function loggerOf(
  { log }: Pick<Surroundings, 'log'>,
  textOf: (error: unknown) => string = String,
  failed: (error: unknown, message: string) => void = () => {},
): Logger {
  const say =
    (level: string): Logger['info'] =>
    (details, message) => {
      const error = 'error' in details ? details.error : undefined
      log(`${level} ${message} ${error === undefined ? JSON.stringify(details) : textOf(error)}`)
      if (level === 'error') failed(error, message)
    }
  return { debug: () => {}, info: say('info'), warn: say('warn'), error: say('error') }
}
