// Nothing grows with time: what a node holds is bounded by the members there are and the incarnations
// there were, and a node that has stopped leaves nothing behind.
import type { MembershipRun, MembershipWatcher } from './membership-run.ts'
import { settingsOf } from './settings.ts'

/** Timers of one node: its own few, and some for each of its peers. */
const timersOfANode = 10
const timersPerPeer = 12

export function boundedState(run: MembershipRun): MembershipWatcher {
  const name = 'state is bounded'
  const identities = new Set<string>()
  // Whoever was away for longer than tombstones last brings back what they stood for.
  const { forgets } = settingsOf(run)
  return {
    changed({ host }, state) {
      for (const { key } of state.members) identities.add(key)
      const { members, tombstones, version, reachability } = state
      const remembered = members.length + tombstones.size
      if (remembered > identities.size) {
        run.violate(
          name,
          `${host} remembers ${remembered} of ${identities.size} incarnations`,
          host,
        )
      }
      // Both are by address, however often the processes there were started.
      const most = run.world.hosts.length
      if (members.length > most || tombstones.size > most) {
        const held = `${members.length} members and ${tombstones.size} tombstones`
        run.violate(name, `${host} holds ${held} of ${most} hosts`, host)
      }
      const clockEntries = version.entries().length
      // A node that left may still be named until its tombstone has spread.
      if (clockEntries > remembered && !forgets) {
        run.violate(name, `${host}: ${clockEntries} entries in the clock for ${remembered}`, host)
      }
      if (reachability.rows.size > members.length) {
        run.violate(name, `${host}: ${reachability.rows.size} rows of ${members.length}`, host)
      }
    },
    finished() {
      const most = timersOfANode + timersPerPeer * run.world.hosts.length
      for (const { host, clock, program } of run.world.processes) {
        if (clock.pendingTimers > most) {
          run.violate(name, `${host} has ${clock.pendingTimers} timers, more than ${most}`, host)
        }
        const associations = program?.explain().transport.associations.length ?? 0
        if (associations >= run.world.hosts.length) {
          const others = run.world.hosts.length - 1
          run.violate(name, `${host} has ${associations} associations with ${others} others`, host)
        }
      }
      for (const process of run.world.everStarted) {
        if (process.leftTimers > 0) {
          run.violate(name, `${process} left ${process.leftTimers} timers`, process.host)
        }
      }
    },
  }
}
