import type { DowningView } from '@casty/membership'
import {
  downAll,
  inMemoryLease,
  InMemoryLeases,
  keepMajority,
  keepOldest,
  keepReferee,
  leaseMajority,
  roleWeightedQuorum,
  rule,
  staticQuorum,
  viewOf,
  type DowningStrategy,
} from '@casty/sbr'
import { interleave } from '../interleave.ts'
import { nodeAt } from '../membership/states.ts'
import { timed } from '../membership/timed.ts'
import { halfCut, indirectlyConnected } from '../sbr/pictures.ts'
import type { Row, Scenario } from '../scenario.ts'

const sizes = [10, 100, 1_000] as const

/** What a decision costs the node that makes it, and how that grows with the cluster. */
export const scenario: Scenario = {
  name: 'sbr-core',
  description: 'decisions of every strategy, for clusters of 10, 100 and 1,000 members',
  async run({ repetitions, progress }) {
    const rows: Row[] = []
    for (const [what, operation] of Object.entries(operations)) {
      for (const [trouble, picture] of Object.entries(pictures)) {
        progress(`${what}, ${trouble}`)
        const subjects = Object.fromEntries(
          sizes.map((size) => [size, timed(operation(picture(size), size))]),
        )
        const samples = await interleave(repetitions, subjects)
        const reference = { name: 'ten members', samples: samples[sizes[0]] ?? [] }
        for (const size of sizes) {
          const members = size.toLocaleString('en-US')
          const own = samples[size] ?? []
          rows.push({
            what: `${what}, ${trouble}, ${members}`,
            unit: 'µs',
            samples: own,
            reference,
          })
        }
      }
    }
    return { title: 'Decisions of split-brain resolution, each once', rows, notes }
  },
}

const notes = [
  'The ratio is the growth from ten members on.',
  'Half cut: one half unreachable, each for five of the other. Indirect: two groups of 30 % each',
  'do not reach each other, and all others reach both.',
  'A node makes a view of its state whenever that has changed, and a decision when it was quiet.',
]

const pictures: Readonly<Record<string, (size: number) => DowningView>> = {
  'half cut': halfCut,
  indirect: indirectlyConnected,
}

type Operation = (asked: DowningView, size: number) => () => unknown

const leases = new InMemoryLeases()

const operations: Readonly<Record<string, Operation>> = {
  'view of a state': (asked) => () => viewOf(asked),
  'keep-majority': deciding(() => keepMajority()),
  'keep-oldest': deciding(() => keepOldest()),
  'keep-referee': deciding(() => keepReferee({ referee: String(nodeAt(0).address) })),
  'static-quorum': deciding((size) => staticQuorum({ quorumSize: size / 2 + 1 })),
  'role-weighted-quorum': deciding((size) =>
    roleWeightedQuorum({ weights: { core: 2 }, quorumWeight: size }),
  ),
  'lease-majority': deciding(() =>
    leaseMajority({ lease: inMemoryLease({ leases, name: 'bench', owner: nodeAt(0).key }) }),
  ),
  'down-all': deciding(() => downAll()),
}

function deciding(strategyFor: (size: number) => DowningStrategy): Operation {
  return (asked, size) => {
    const strategy = strategyFor(size)
    const view = viewOf(asked)
    return () => rule(strategy, view)
  }
}
