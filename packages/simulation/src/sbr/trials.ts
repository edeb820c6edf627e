// One fault at a time, when all is well: then who survives is known beforehand, and when it is decided.
import type { CutMode } from '@casty/transport'
import type { NodeKey } from '@casty/membership'
import { across } from '../faults/network-faults.ts'
import type { MembershipRun } from '../membership/membership-run.ts'
import { describeState } from '../membership/describe.ts'
import type { HealStage } from '../run/scenario.ts'
import { drawInteger, drawOne, drawSome, forkRandom } from '../world/seeds.ts'
import type { Link, LinkFault } from '../world/links.ts'
import { oneClusterAgain } from './healing.ts'
import { survivorsOf, type Survivors } from './oracle.ts'
import { drawShape } from './partition-faults.ts'
import { leaseOfAll } from './program.ts'
import { recordOf } from './record.ts'
import { splitBrainSettings } from './settings.ts'

/**
 * Until the last of a side knows who is out of reach. In clusters in which each is watched by few that
 * takes rounds: whoever lost those that it watched takes on the next ones.
 */
function detectWithinMs({ world }: MembershipRun): number {
  return world.hosts.length > mostWatchedByAll ? 30_000 : 12_000
}
/** By the documentation of `monitoredBy`. */
const mostWatchedByAll = 13
/** D10: from there, decided and removed within the window and this. */
const decideWithinMs = 5_000
/** How much later a minority asks for a lease. */
const leaseDelayMs = 2_000
/** As long as a lease outlives its holder, and then some. */
const quietWithinMs = 60_000
/** A fault that must cost nobody lasts for so long. */
const harmlessMs = 25_000
const forLong = 600_000

export function trials(run: MembershipRun): readonly HealStage[] {
  const random = forkRandom(run.plan.seed, 'trial in peace')
  const trial = random() < 0.6 ? cleanSplit(run, random) : harmlessFault(run, random)
  return [allIsQuiet(run), trial, { ...oneClusterAgain(run), name: 'one cluster after a trial' }]
}

/** Nobody doubts itself, nobody holds the lease, and its store answers as it should. */
export function allIsQuiet(run: MembershipRun): HealStage {
  const unquiet = (): string | undefined => {
    const holder = recordOf(run).leases.holder(leaseOfAll)
    if (holder !== undefined) return `${holder.owner} holds the lease`
    const noisy = run.world.processes.find(({ program }) =>
      [...(program?.getState().reachability.rows.values() ?? [])].some(
        ({ doubtful, records }) => doubtful || records.size > 0,
      ),
    )
    const state = noisy?.program?.getState()
    return state && `${noisy?.host ?? ''}: ${describeState(state)}`
  }
  return {
    name: 'all is quiet',
    withinMs: quietWithinMs,
    begin: () => recordOf(run).leases.heal(),
    isDone: () => unquiet() === undefined,
    explain: () => unquiet() ?? '',
  }
}

function cleanSplit(run: MembershipRun, random: () => number): HealStage {
  const { world } = run
  const { stableAfterMs } = splitBrainSettings(run.plan)
  const sides = drawShape(random, world.hosts)
  const numbers = [...new Set(sides.map((sided) => sided.charAt(0)))]
  const groups = numbers.map((number) =>
    sides.filter((sided) => sided.startsWith(number)).map((sided) => sided.slice(1)),
  )
  const mode = drawOne<CutMode>(random, ['silent', 'hold', 'reset'])
  let expected: Survivors = 'nobody'
  const before = new Map<string, NodeKey>()
  const isThere = (host: string): boolean =>
    world.running(host)?.program?.self.key === before.get(host)
  const survivors = (): readonly string[] => world.hosts.filter(isThere)
  const wrong = (): string | undefined => {
    const left = survivors()
    const wanted =
      expected === 'nobody'
        ? []
        : expected === 'any'
          ? groups.find((group) => group.every((host) => left.includes(host)))
          : expected
    if (left.join() !== wanted?.toSorted().join()) {
      return `left are ${left.join(' ')} of ${groups.map((group) => group.join(' ')).join(' | ')}`
    }
    const other = left
      .map((host) => world.running(host)?.program?.getState())
      .find((state) => state?.members.map(({ address }) => address.host).join() !== left.join())
    return other && describeState(other)
  }
  return {
    name: 'a clean split leaves the right side',
    withinMs: detectWithinMs(run) + stableAfterMs + leaseDelayMs + decideWithinMs,
    begin() {
      if (groups.length < 2) return
      for (const { host, program } of world.processes)
        if (program) before.set(host, program.self.key)
      expected = survivorsOf(run, groups, byAge(run))
      const text =
        expected === 'any' ? 'one' : expected === 'nobody' ? 'nobody' : expected.join(' ')
      run.note(world.hosts[0] ?? '', 'fault', `split ${sides.join(' ')}, to be survived by ${text}`)
      lay(run, across(sides, false), { type: 'cut', mode }, forLong)
    },
    nudge() {
      if (typeof expected === 'string') return
      const lost = expected.find((host) => !isThere(host))
      if (lost !== undefined) run.violate('a clean split leaves the right side', `${lost} is lost`)
    },
    isDone() {
      if (groups.length >= 2 && wrong() !== undefined) return false
      if (groups.length === 3 && expected === 'nobody') run.reach('a split of three leaves nobody')
      world.healLinks()
      return true
    },
    explain: () => wrong() ?? '',
  }
}

/** A fault that must not cost anybody his membership: rows 3, 11, 14, 16 and 17 of the fault matrix. */
function harmlessFault(run: MembershipRun, random: () => number): HealStage {
  const { world } = run
  const [one = '', other = one] = drawSome(random, world.hosts, 2)
  const pair: readonly Link[] = [
    { from: one, to: other },
    { from: other, to: one },
  ]
  const everywhere = world.hosts.flatMap((from) =>
    world.hosts.filter((to) => to !== from).map((to) => ({ from, to })),
  )
  const mode = drawOne<CutMode>(random, ['silent', 'hold', 'reset'])
  const faults: Readonly<Record<string, () => void>> = {
    'one link is cut': () => lay(run, pair, { type: 'cut', mode }, forLong),
    'one link is cut one way': () => lay(run, pair.slice(1), { type: 'cut', mode }, forLong),
    'the network is slow': () =>
      lay(run, everywhere, { type: 'delay', latencyMs: 300, jitterMs: 200 }, forLong),
    'the network loses packets': () =>
      lay(run, everywhere, { type: 'retransmit', probability: 0.1 }, forLong),
    'a process stands still for 3 s': () => world.pause(one, 3_000),
    'the network is cut for 3 s': () => lay(run, everywhere, { type: 'cut', mode }, 3_000),
  }
  const name = drawOne(random, Object.keys(faults))
  const record = recordOf(run)
  let endsAt = Number.POSITIVE_INFINITY
  let rulings = 0
  return {
    name: 'a harmless fault downs nobody',
    withinMs: harmlessMs + 1_000,
    begin() {
      rulings = record.rulings.length
      endsAt = world.now + harmlessMs + drawInteger(random, 0, 500)
      run.note(one, 'fault', `${name}, in peace: ${one} and ${other}`)
      faults[name]?.()
    },
    nudge() {
      const told = record.rulings[rulings]
      if (told === undefined) return
      run.violate(
        'a harmless fault downs nobody',
        `${name}: ${told.host} says ${told.ruling.reason}`,
      )
    },
    isDone() {
      if (world.now < endsAt) return false
      world.healLinks()
      return true
    },
    explain: () => '',
  }
}

export function lay(
  run: MembershipRun,
  links: readonly Link[],
  fault: LinkFault,
  forMs: number,
): void {
  for (const link of links) run.world.disturb(link, fault, forMs)
}

/** The hosts, oldest first. */
function byAge(run: MembershipRun): readonly string[] {
  const [first] = run.world.processes
  return (first?.program?.getState().members ?? [])
    .toSorted((left, right) => (left.upNumber ?? Infinity) - (right.upNumber ?? Infinity))
    .map(({ address }) => address.host)
}
