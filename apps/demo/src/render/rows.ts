import type { MemberStatus } from '@casty/membership'
import type { PendingDecision, Suspicion } from '../protocol.ts'
import { memberOf } from '../questions.ts'
import { reportingNodes, type ProcessState, type Scene, type SceneNode } from '../scene.ts'

/** A node as the table shows it. */
export interface Row {
  readonly name: string
  readonly pid: number
  readonly state: ProcessState
  /** What the nodes that run hold it to be; several while news is under way. */
  readonly statuses: readonly MemberStatus[]
  /** 1 is the oldest member, by the order in which members became up. */
  readonly age: number | undefined
  /** The latest one that anybody knows. */
  readonly incarnation: number | undefined
  /** Highest suspicion of those who watch it; `refused` where its host refuses one of them. */
  readonly phi: number | 'refused' | undefined
  /** Who runs and finds it reachable, itself left out. */
  readonly seenBy: readonly string[]
  /** How many others run, and so could see it. */
  readonly watchers: number
  /** Whom it takes for the leader. */
  readonly leader: string | undefined
  readonly converged: boolean | undefined
  readonly sentBytesPerSecond: number | undefined
  /** Undefined where it decides nothing, whoever is unreachable. */
  readonly decision: PendingDecision | undefined
  /** Of the cut; undefined while the network is whole. */
  readonly side: number | undefined
}

export function rowsOf(scene: Scene): readonly Row[] {
  const reporting = reportingNodes(scene)
  const ages = agesOf(reporting)
  return [...scene.nodes.values()].map((node) => ({
    ...rowOf(node, reporting, ages),
    side: scene.cut?.findIndex((names) => names.includes(node.name)),
  }))
}

function rowOf(
  node: SceneNode,
  reporting: readonly SceneNode[],
  ages: ReadonlyMap<string, number>,
): Omit<Row, 'side'> {
  const others = reporting.filter(({ name }) => name !== node.name)
  // Alone it has only itself to ask.
  const witnesses = others.length > 0 ? others : reporting
  const known = witnesses.flatMap((witness) => memberOf(witness, node.name) ?? [])
  const incarnations = [node.incarnation ?? 0, ...known.map(({ incarnation }) => incarnation)]
  const incarnation = Math.max(...incarnations)
  const suspicions = others.flatMap(({ view }) => view?.suspicions ?? [])
  const isMember = node.state === 'running' && memberOf(node, node.name) !== undefined
  return {
    name: node.name,
    pid: node.pid,
    state: node.state,
    statuses: [...new Set(known.map(({ status }) => status))].toSorted(),
    age: ages.get(node.name),
    incarnation: incarnation > 0 ? incarnation : undefined,
    phi: highest(suspicions.filter(({ name }) => name === node.name)),
    seenBy: others
      .filter((other) => memberOf(other, node.name)?.reachable === true)
      .map(({ name }) => name),
    watchers: others.length,
    leader: isMember ? node.view?.leader : undefined,
    converged: isMember ? node.view?.converged : undefined,
    sentBytesPerSecond: isMember ? node.view?.sentBytesPerSecond : undefined,
    decision: isMember ? node.view?.decision : undefined,
  }
}

function highest(suspicions: readonly Suspicion[]): Row['phi'] {
  if (suspicions.length === 0) return undefined
  if (suspicions.some(({ refused }) => refused)) return 'refused'
  return Math.max(...suspicions.map(({ phi }) => phi))
}

/** Ranks by the order of becoming up, as the nodes that run know it. */
function agesOf(reporting: readonly SceneNode[]): ReadonlyMap<string, number> {
  const upNumbers = new Map<string, number>()
  for (const { view } of reporting) {
    for (const { name, upNumber } of view?.members ?? []) {
      if (upNumber !== undefined) upNumbers.set(name, Math.max(upNumber, upNumbers.get(name) ?? 0))
    }
  }
  const oldestFirst = [...upNumbers].toSorted(([, left], [, right]) => left - right)
  return new Map(oldestFirst.map(([name], index) => [name, index + 1]))
}
