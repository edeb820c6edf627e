// P1 and P6 in peace: once all agree, they go on to. Nothing changes any more, so gossip rests, and what
// is sent is little; no queue holds anything, and no connection is half made.
import type { Cluster, NodeKey } from '@casty/membership'
import type { HealStage } from '../run/scenario.ts'
import type { MembershipRun } from './membership-run.ts'

const forMs = 5_000
/** What a node may send while nothing happens, at any size of its cluster. */
const mostBytesPerSecond = 2_048

export function nothingHappens(run: MembershipRun): HealStage {
  const { world } = run
  const name = 'nothing happens in peace'
  const versions = new Map<NodeKey, string>()
  let [since, bytes, isListening] = [0, 0, false]
  const judgeTraffic = (): void => {
    isListening = false
    const perNode = bytes / world.processes.length / (forMs / 1_000)
    if (perNode > mostBytesPerSecond) {
      run.violate(name, `each node sends ${Math.round(perNode)} bytes a second`)
    }
  }
  return {
    name,
    withinMs: forMs,
    begin() {
      since = world.now
      isListening = true
      world.listen({
        wrote: (write) => {
          if (isListening && write.stage === 'sent') bytes += write.bytes.length
        },
      })
    },
    nudge() {
      for (const { host, program } of world.processes) {
        if (program === undefined) continue
        const version = program.getState().version.toString()
        const before = versions.get(program.self.key)
        versions.set(program.self.key, version)
        if (before === version || world.now === since) continue
        run.violate(name, `${host} had version ${before ?? 'none'}, and has ${version}`, host)
      }
    },
    isDone() {
      if (world.now - since < forMs) return false
      judgeTraffic()
      for (const { host, program } of world.processes) {
        const unfinished = program === undefined ? [] : unfinishedOf(program)
        if (unfinished.length > 0) run.violate(name, `${host}: ${unfinished.join(', ')}`, host)
      }
      return true
    },
    explain: () => '',
  }
}

/** What the transport of a node should be done with by now. */
function unfinishedOf(cluster: Cluster): readonly string[] {
  const { transport } = cluster.explain()
  const lanes = transport.associations.flatMap(({ peer, kept, control, data }) => [
    ...(kept && control.state !== 'open'
      ? [`the control lane to ${peer} is ${control.state}`]
      : []),
    ...[control, data]
      .filter(({ queuedFrames, blocked }) => queuedFrames > 0 || blocked)
      .map(({ queuedFrames }) => `${queuedFrames} frames wait for ${peer}`),
  ])
  const { pendingHandshakes } = transport
  return pendingHandshakes > 0 ? [`${pendingHandshakes} handshakes are pending`, ...lanes] : lanes
}
