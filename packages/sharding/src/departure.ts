// How a node leaves: it goes once others run what it ran, have the copies that it keeps, and clients have their answers.
import type { ActorSystem } from '@casty/actor'
import type { NodeIdentity } from '@casty/transport'
import type { ClientsLetGo } from './client/clients-let-go.ts'
import type { ShardingCore } from './core/sharding-core.ts'
import type { RegionSettings } from './region/region-settings.ts'
import type { Regions } from './regions.ts'
import type { Waiters } from './waiters.ts'

export interface Leaving {
  readonly system: Pick<ActorSystem, 'clock' | 'logger'>
  readonly core: ShardingCore
  readonly regions: Regions
  readonly lettingGo: ClientsLetGo
  /** Told whenever something of all this may have changed. */
  readonly waiters: Waiters
  readonly settings: RegionSettings
  /** Whether nobody waits for anything of this node any more. */
  hasEnded(): boolean
  isGuest(node: NodeIdentity): boolean
  /** Whether no other member could take anything. */
  isAlone(): boolean
}

/** Before the cluster lets this node go: until everything that it ran is run by others. */
export async function leave(node: Leaving): Promise<void> {
  const { core, waiters } = node
  await waiters.until(() => node.hasEnded() || core.mayExit)
  if (core.isLeftWithShards) tellWhatNobodyTakes(node)
  await finish(node)
  await copied(node)
  await clientsServed(node)
}

/** Ends what nobody else could take: as at a handoff, who does not stop in time is stopped by force, and then left behind. */
async function finish(node: Leaving): Promise<void> {
  const { regions } = node
  const { handoffTimeoutMs, stopTimeoutMs } = node.settings.hosting
  const isEmpty = (): boolean => regions.isEmpty
  regions.finish()
  if (await atMost(node, handoffTimeoutMs, isEmpty)) return
  regions.force()
  if (await atMost(node, stopTimeoutMs, isEmpty)) return
  regions.leaveBehind()
}

/** Until others have all copies that this node keeps, for a while. */
async function copied(node: Leaving): Promise<void> {
  const { regions, system } = node
  if (node.hasEnded() || !regions.keepsCopies) return
  const timeoutMs = node.settings.copyTimeoutMs
  if (await atMost(node, timeoutMs, () => node.isAlone() || !regions.keepsCopies)) return
  const what = 'Leaves although the copies that this node keeps are not all elsewhere yet'
  system.logger?.warn({ timeoutMs }, what)
}

/** Until what clients sent here has arrived, and is back with them, for a while. */
async function clientsServed(node: Leaving): Promise<void> {
  const { lettingGo, settings, system } = node
  lettingGo.begin(system.clock.now())
  const { fenceTimeoutMs } = settings.hosting
  await atMost(node, fenceTimeoutMs, () => lettingGo.isDone((client) => node.isGuest(client)))
}

/** @returns whether it held in time, or nobody waits for that any more */
async function atMost(node: Leaving, timeoutMs: number, holds: () => boolean): Promise<boolean> {
  const { system, waiters } = node
  let isLate = false
  using _ = system.clock.schedule(timeoutMs, () => {
    isLate = true
    waiters.look()
  })
  await waiters.until(() => isLate || node.hasEnded() || holds())
  return !isLate || node.hasEnded()
}

function tellWhatNobodyTakes({ core, system }: Leaving): void {
  const types = [...core.committed.types.values()]
    .filter(({ rows }) => rows.some(({ owner }) => owner?.key === core.self.key))
    .map(({ settings }) => settings.name)
  const what = 'No other member hosts these types: their entities stop, until one does'
  system.logger?.warn({ types }, what)
}
