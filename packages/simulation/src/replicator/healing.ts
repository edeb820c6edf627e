// What is demanded when nothing goes wrong any more: one cluster, the same values everywhere, nodes that are gone are in
// none of them, and then nothing more is said.
import { allAreThere } from '../membership/one-cluster-again.ts'
import type { HealStage } from '../run/scenario.ts'
import { recordOf } from './record.ts'
import type { ReplicatorProcess, ReplicatorRun } from './replicator-run.ts'
import { pruningMarkerMsOf, replicatorSettings } from './settings.ts'
import { sharedValues } from './shared-values.ts'

export function replicatorHealing(run: ReplicatorRun): readonly HealStage[] {
  const clients = replicatorSettings(run.plan).hasOutsider ? [theClientHoldsTheSame(run)] : []
  return [
    allHoldValues(run),
    allHoldTheSame(run),
    // What it was away with may bring nodes back that were pruned meanwhile: they are once more.
    ...clients,
    theGoneArePruned(run),
    ...clients,
    allIsQuiet(run),
  ]
}

/** The cluster; and every node holds values with all others, and has no call open. */
function allHoldValues(run: ReplicatorRun): HealStage {
  const { world } = run
  return allAreThere(run, 'one cluster again', () => {
    for (const { host, program } of world.processes) {
      if (!program) return `nothing runs on ${host}`
      const { nodes, open } = program
      if (nodes.length !== world.hosts.length)
        return `${host} holds values with ${nodes.join(', ')}`
      if (open > 0) return `${host} has ${open} calls`
    }
    return undefined
  })
}

/** @returns a value that two nodes have differently */
function difference(run: ReplicatorRun): string | undefined {
  const [first, ...others] = run.world.processes
  if (!first?.program) return 'nobody runs'
  for (const value of sharedValues) {
    const bytes = value.bytesAt(first.program.replicator)
    const other = others.find(
      ({ program }) => !program || value.bytesAt(program.replicator) !== bytes,
    )
    if (other) return `${first.host} and ${other.host} differ in ${value.name}`
  }
  return undefined
}

function allHoldTheSame(run: ReplicatorRun): HealStage {
  return {
    name: 'all hold the same',
    // As many exchanges of digests, each with anybody.
    withinMs: 10_000 + 10 * replicatorSettings(run.plan).gossipIntervalMs,
    isDone: () => difference(run) === undefined,
    explain: () => difference(run) ?? '',
  }
}

/** Whoever is outside as well: what it changed has come to all, and what they have to it. */
function theClientHoldsTheSame(run: ReplicatorRun): HealStage {
  const difference = (): string | undefined => {
    const [first] = run.world.processes
    return first?.program && recordOf(run).outsider?.differenceTo(first.program)
  }
  return {
    name: 'whoever is outside holds the same',
    withinMs: 30_000,
    isDone: () => difference() === undefined,
    explain: () => difference() ?? '',
  }
}

/** Names of clients stay for an hour. */
function isClient(node: string): boolean {
  return node.startsWith('client/')
}

/** One stands in for what they did. */
function theGoneArePruned(run: ReplicatorRun): HealStage {
  const settings = replicatorSettings(run.plan)
  const { pruningDelayMs, gossipIntervalMs, hasStore } = settings
  const whereKeptMs = hasStore ? pruningMarkerMsOf(settings) : 0
  const left = (): string | undefined => {
    const here = new Set<string | undefined>(
      run.world.processes.map(({ program }) => program?.cluster.self.key),
    )
    for (const { program, host } of run.world.processes) {
      for (const value of sharedValues) {
        const gone =
          program &&
          value.nodesIn(program.replicator).find((node) => !isClient(node) && !here.has(node))
        if (gone !== undefined) return `${gone} stands in ${value.name} at ${host}`
      }
    }
    return difference(run)
  }
  return {
    name: 'the gone are pruned',
    // Some are found to be gone only by a search, which is as rare as pruning is slow.
    withinMs: 3 * pruningDelayMs + whereKeptMs + 15 * gossipIntervalMs + 10_000,
    begin() {
      if (left() !== undefined) recordOf(run).reach('a node that is gone is pruned')
    },
    isDone: () => left() === undefined,
    explain: () => left() ?? '',
  }
}

/** Of ten seconds, how many frames of values are told at most: none but digests. */
const quietMs = 10_000

function allIsQuiet(run: ReplicatorRun): HealStage {
  let since = 0
  let before = ''
  const said = ({ program }: ReplicatorProcess): string => {
    const { deltasSent = 0, statesSent = 0, pendingCalls = 0 } = program?.replicator.metrics() ?? {}
    return `${deltasSent} deltas and ${statesSent} values, ${pendingCalls} calls wait`
  }
  const all = (): string =>
    run.world.processes.map((process) => `${process.host}: ${said(process)}`).join('; ')
  return {
    name: 'all is quiet',
    withinMs: 3 * quietMs,
    nudge() {
      const now = all()
      if (now !== before) since = run.world.now
      before = now
    },
    isDone: () => run.world.now - since >= quietMs,
    explain: () => `they go on: ${before}`,
  }
}
