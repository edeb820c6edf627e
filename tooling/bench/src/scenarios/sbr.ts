import { setTimeout as pause } from 'node:timers/promises'
import { downRemovalMarginMs } from '@casty/sbr'
import { Relay } from 'casty-relay'
import { Fleet, type FleetNode } from '../membership/fleet.ts'
import { sharedNow } from '../membership/messages.ts'
import type { Context, Row, Scenario } from '../scenario.ts'

const size = 5
const losing = 2
/** Time for heartbeats to show that they are steady. */
const settleMs = 10_000

/** A cluster of processes that loses two of five, with the options that a user gets. */
export const scenario: Scenario = {
  name: 'sbr',
  description: 'five processes that are cut 3|2, or lose two: until the two are downed',
  async run(context) {
    const cut = await measure('cut 3|2', context, (relay, winners, losers) =>
      relay.partition(addressesOf(winners), addressesOf(losers)),
    )
    const killed = await measure('kill -9 of two', context, (_, __, losers) => {
      for (const node of losers) node.signal('SIGKILL')
    })
    const rows = [
      ms('cut 3|2 → each side finds the other unreachable', cut.found),
      ms('cut 3|2 → the two have stopped by themselves', cut.stopped),
      ms('cut 3|2 → the three have removed the two', cut.removed, '≤ 10,000'),
      ms('  Akka, Pekko: 5 s to detect, 20 s stable-after', [25_000]),
      ms('  Akka, Pekko: 5 s to detect, 10 s stable-after', [15_000]),
      ms(
        'cut 3|2 → others may take over',
        cut.removed.map((at) => at + marginMs),
      ),
      ms('  Akka, Pekko: 5 s, 20 s, and 20 s of margin', [45_000]),
      ms('  Akka, Pekko: 5 s, 10 s, and 10 s of margin', [25_000]),
      ms('kill -9 of two → the three find them unreachable', killed.found),
      ms('kill -9 of two → the three have removed the two', killed.removed),
    ]
    return { title: 'Split-brain resolution, five processes over a relay on loopback', rows, notes }
  },
}

const marginMs = downRemovalMarginMs()

const notes = [
  'Figures of Akka and Pekko are from their documentation, not measured; ours are with default settings.',
  `Others take over after downRemovalMarginMs, ${marginMs.toLocaleString('en-US')} ms by default, has passed.`,
  'Each repetition has a cluster of its own, which has run for 10 s. The range ends in the maximum.',
]

function ms(what: string, samples: readonly number[], wanted?: string): Row {
  return { what, unit: 'ms', samples, ...(wanted !== undefined && { wanted }) }
}

interface Instants {
  /** Since the trouble began, when the last one saw it. */
  readonly found: readonly number[]
  readonly stopped: readonly number[]
  readonly removed: readonly number[]
}

type Trouble = (relay: Relay, winners: readonly FleetNode[], losers: readonly FleetNode[]) => void

async function measure(
  what: string,
  { repetitions, progress }: Context,
  begin: Trouble,
): Promise<Instants> {
  const found: number[] = []
  const stopped: number[] = []
  const removed: number[] = []
  for (let round = 0; round < repetitions; round++) {
    progress(`${what}, ${round + 1} of ${repetitions}`)
    await using relay = await Relay.start()
    await using fleet = new Fleet()
    const nodes = await fleet.run(size, String(relay.address))
    await pause(settleMs)
    const [winners, losers] = [nodes.slice(losing), nodes.slice(0, losing)]
    const beganAt = sharedNow()
    begin(relay, winners, losers)
    removed.push((await untilRemoved(fleet, winners, losers)) - beganAt)
    found.push(lastFound(winners, losers, beganAt) - beganAt)
    if (losers.some(({ failure }) => failure !== undefined)) continue // Killed, they tell nothing.
    stopped.push(
      (await fleet.untilAll('the losers have stopped', losers, ({ downedAt }) => downedAt)) -
        beganAt,
    )
  }
  return { found, stopped, removed }
}

async function untilRemoved(
  fleet: Fleet,
  winners: readonly FleetNode[],
  losers: readonly FleetNode[],
): Promise<number> {
  const all = losers.map(({ key }) =>
    fleet.untilAll(`${key} is removed`, winners, (winner) => winner.removedAt(key)),
  )
  return Math.max(...(await Promise.all(all)))
}

/** Whoever was removed was found unreachable before. */
function lastFound(
  winners: readonly FleetNode[],
  losers: readonly FleetNode[],
  after: number,
): number {
  return Math.max(
    ...winners.flatMap((winner) =>
      losers.flatMap(({ key }) => winner.unreachableAt(key, after) ?? []),
    ),
  )
}

function addressesOf(nodes: readonly FleetNode[]): readonly string[] {
  return nodes.map(({ address }) => address)
}
