// How a node that was decided against starts again: whom it asks, and what it must not do.
import type { NodeAddress, NodeIdentity } from '@casty/transport'
import { checkConfig } from './check-config.ts'
import type { ClusterState } from './cluster-state.ts'
import type { ClusterConfig, SeedNodes } from './options.ts'

/** Contacts that a new life asks beside those it is configured with. */
const maxKnown = 64

/**
 * Whoever may go on without this node: the members of its last state, but for itself, and those whom its
 * side had given up.
 */
export function survivorsOf(
  { members, tombstones }: ClusterState,
  self: NodeIdentity,
): readonly NodeAddress[] {
  const givenUp = [...tombstones.values()].filter(({ left }) => !left)
  const addresses = [...members, ...givenUp.map(({ node }) => node)].map(({ address }) => address)
  const byText = new Map(addresses.map((address) => [address.toString(), address]))
  byText.delete(self.address.toString())
  return [...byText.values()].slice(0, maxKnown)
}

/**
 * The config of a new life at the same address. It asks the survivors too, and forms a cluster only
 * where the config has it form one, and every contact is known to be in none, or after `formAfterMs`.
 */
export function configOfNextLife(
  config: ClusterConfig,
  self: NodeIdentity,
  survivors: readonly NodeAddress[],
  formAfterMs: number,
): ClusterConfig {
  const { bootstrap, seedNodes } = checkConfig(config)
  const isAlone = bootstrap && survivors.length === 0
  return {
    ...config,
    port: self.address.port,
    bootstrap: isAlone,
    seedNodes: bootstrap ? [self.address, ...survivors] : withSurvivors(seedNodes, survivors),
    seedTimeoutMs: formAfterMs,
  }
}

/** A function is asked again on every attempt: it knows better who is there. */
function withSurvivors(seeds: SeedNodes, survivors: readonly NodeAddress[]): SeedNodes {
  if (typeof seeds === 'function') return seeds
  const listed = new Set(seeds.map(String))
  return [...seeds, ...survivors.filter((address) => !listed.has(address.toString()))]
}
