import { vi } from 'vitest'
import { Endpoint } from '@casty/transport'
import type { Cluster } from '@casty/membership'

const started = vi.spyOn(Endpoint, 'start')

/** The endpoint below a cluster, which may send what a member must not: for those who play foul. */
export function rawEndpoint(cluster: Cluster): Endpoint {
  const endpoints = started.mock.settledResults.flatMap((result) =>
    result.type === 'fulfilled' ? [result.value] : [],
  )
  const own = endpoints.findLast(({ self }) => self.equals(cluster.self))
  if (!own) throw new Error(`No endpoint of ${cluster.self} was started`)
  return own
}
