// Mistakes in how nodes come, stay and go.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const m = 'packages/membership/src'

export const lifeBugs: readonly SeededBug[] = bugsOf([
  {
    name: 'cluster-formed-in-a-partition',
    promise: 'there is one cluster',
    file: `${m}/joining.ts`,
    find: "return outcome === 'nobody' || outcome === 'joiner' || outcome === 'self'",
    replace: "return outcome !== 'refused'",
    why: 'Silence of all others passes for nobody being there.',
  },
  {
    name: 'anybody-forms-a-cluster',
    promise: 'there is one cluster',
    file: `${m}/joining.ts`,
    find: "if (!phase.isFirstContact || outcomes.includes('refused')) return false",
    replace: "if (outcomes.includes('refused')) return false",
    why: 'Whoever finds nobody at the moment forms a cluster of its own.',
  },
  {
    name: 'removal-not-believed',
    promise: 'decisions stay',
    file: `${m}/peer-lives.ts`,
    find: "return reason === 'removed' || reason === 'stale-incarnation'",
    replace: "return reason === 'stale-incarnation'",
    why: 'A node that was removed while it was away never learns of it.',
  },
  {
    name: 'downing-not-heeded',
    promise: 'decisions stay',
    file: `${m}/life-cycle.ts`,
    find: "if (self.status === 'down') return stopDowned(state)",
    replace:
      "if (self.status === 'down' && authorOf(cluster.records, state.self) === state.self.key) return stopDowned(state)",
    why: 'A node goes on when others have downed it.',
  },
  {
    name: 'leave-given-up-too-late',
    promise: 'whoever wants in or out gets there',
    file: `${m}/step.ts`,
    find: "if (phase.type === 'leaving' && moment.now >= phase.giveUpAt) return leavingOverdue(state, phase)",
    replace: '',
    why: 'A node that the others cannot let go waits for ever.',
  },
  {
    name: 'exit-tasks-not-awaited',
    promise: 'whoever wants in or out gets there',
    file: `${m}/cluster-node.ts`,
    find: 'await this.exitTasks.run()',
    replace: 'void this.exitTasks.run()',
    why: 'A node is let go while it hands over.',
  },
  {
    name: 'exit-not-confirmed',
    promise: 'whoever wants in or out gets there',
    file: `${m}/step.ts`,
    find: 'return [message.node.equals(from) ? exitConfirmed(state, from) : state, []]',
    replace: 'return [message.node === from ? exitConfirmed(state, from) : state, []]',
    why: 'Identities of one node are compared as objects, and the leader waits for a word that came.',
  },
  {
    name: 'alarm-not-stopped',
    promise: 'everything is bounded',
    file: `${m}/cluster-node.ts`,
    find: 'this.#alarm.stop()',
    replace: '',
    why: 'A node that has stopped goes on ticking.',
  },
  {
    name: 'woken-too-early-for-ever',
    promise: 'everything is bounded',
    file: `${m}/step.ts`,
    find: '? Math.min(pace.nextAt, convergence.overdueAt)\n        : pace.nextAt',
    replace: '? Math.min(pace.nextAt, convergence.overdueAt)\n        : 0',
    why: 'A node wakes over and over at one instant.',
  },
])
