// Questions about a scene. Each answers with a sentence on what is still missing, or undefined when
// nothing is: what the story waits for is also what it says when the wait was in vain.
import type { Sides } from './news.ts'
import type { MemberView } from './protocol.ts'
import { reportingNodes, type Scene, type SceneNode } from './scene.ts'

/** Every process runs, and its node listens. */
export function missingListener(scene: Scene): string | undefined {
  const silent = [...scene.nodes.values()].filter(({ state }) => state === 'starting')
  return silent.length === 0 ? undefined : `${names(silent)} did not listen.`
}

/** Every node, or each of `among`, sees all of `expected`, and nobody else, as up and reachable. */
export function missingAgreement(
  scene: Scene,
  expected: readonly string[],
  among?: readonly string[],
): string | undefined {
  for (const node of reportingNodes(scene)) {
    if (among && !among.includes(node.name)) continue
    if (!node.view) return `${node.name} has not reported its view.`
    for (const name of expected) {
      const member = memberOf(node, name)
      if (!member) return `${node.name} does not know ${name}.`
      if (member.status !== 'up') return `${node.name} holds ${name} to be ${member.status}.`
      if (!member.reachable) return `${node.name} holds ${name} to be unreachable.`
    }
    const others = node.view.members.filter(({ name }) => !expected.includes(name))
    if (others.length > 0) return `${node.name} still knows ${names(others)}.`
  }
  return undefined
}

/** Every node that runs holds `subject` to be unreachable. */
export function missingSuspicion(scene: Scene, subject: string): string | undefined {
  if (scene.nodes.get(subject)?.state !== 'killed') return `The process of ${subject} still runs.`
  const unaware = reportingNodes(scene).filter(
    (node) => memberOf(node, subject)?.reachable !== false,
  )
  return unaware.length === 0 ? undefined : `${names(unaware)} did not find ${subject} unreachable.`
}

/** Every node that runs holds all of the other side to be out of reach. */
export function missingSplit(scene: Scene, sides: Sides): string | undefined {
  for (const node of reportingNodes(scene)) {
    const others = sides.find((side) => !side.includes(node.name)) ?? []
    const reached = others.find((name) => memberOf(node, name)?.reachable === true)
    if (reached !== undefined) return `${node.name} still holds ${reached} to be reachable.`
  }
  return undefined
}

/** The nodes of `names` have stopped because they were decided against. */
export function missingEnd(scene: Scene, names: readonly string[]): string | undefined {
  const alive = names.filter((name) => !scene.ended.some((node) => node.name === name))
  return alive.length === 0 ? undefined : `${alive.join(', ')} did not stop.`
}

/** Each of `names`, which had stopped, is there as a later incarnation, and known as such. */
export function missingComeback(scene: Scene, names: readonly string[]): string | undefined {
  for (const name of names) {
    const former = scene.ended.findLast((node) => node.name === name)?.incarnation ?? 0
    const node = scene.nodes.get(name)
    if (node?.state !== 'running') return `${name} did not listen again.`
    if ((node.incarnation ?? 0) <= former) return `The incarnation of ${name} did not grow.`
    const unknown = missingReplacement(scene, name)
    if (unknown !== undefined) return unknown
  }
  return undefined
}

/** A node listens in the place of `subject`: at the same address, as a later incarnation. */
export function missingReturn(scene: Scene, before: Scene, subject: string): string | undefined {
  const earlier = before.nodes.get(subject)
  const now = scene.nodes.get(subject)
  if (!now || now.state !== 'running') return `${subject} did not listen again.`
  if (now.address !== earlier?.address)
    return `${subject} listens at ${now.address}, not at ${earlier?.address} as before.`
  if ((now.incarnation ?? 0) <= (earlier?.incarnation ?? 0))
    return `The incarnation of ${subject} did not grow.`
  return undefined
}

/** Every node knows `subject` in the incarnation that listens, and in no other. */
export function missingReplacement(scene: Scene, subject: string): string | undefined {
  const current = scene.nodes.get(subject)?.incarnation
  const behind = reportingNodes(scene).filter(
    (node) => memberOf(node, subject)?.incarnation !== current,
  )
  return behind.length === 0
    ? undefined
    : `${names(behind)} did not learn of the new incarnation of ${subject}.`
}

/** `subject` has reported since `sinceMs`, and no monitor suspects it, nor it anybody. */
export function missingTrust(scene: Scene, subject: string, sinceMs: number): string | undefined {
  const reportedAtMs = scene.nodes.get(subject)?.viewAtMs ?? 0
  if (reportedAtMs <= sinceMs) return `${subject} did not report since it was continued.`
  for (const { name, view } of reportingNodes(scene)) {
    const suspicions = view?.suspicions ?? []
    const suspected = suspicions.find(
      (suspicion) => (name === subject || suspicion.name === subject) && suspicion.phi >= 1,
    )
    if (suspected)
      return `${name} still suspects ${suspected.name} (φ ${suspected.phi.toFixed(1)}).`
  }
  return undefined
}

/** `subject` was let go: its process ended by itself, and nobody knows it any more. */
export function missingFarewell(scene: Scene, subject: string): string | undefined {
  const state = scene.nodes.get(subject)?.state
  if (state !== 'left') return `The process of ${subject} did not end.`
  const behind = reportingNodes(scene).filter((node) => memberOf(node, subject) !== undefined)
  return behind.length === 0 ? undefined : `${names(behind)} still knows ${subject}.`
}

/** Nobody but `losers` was ever downed. */
export function wronglyLost(scene: Scene, losers: readonly string[]): string | undefined {
  const victims = [...scene.downed, ...scene.ended].filter(({ name }) => !losers.includes(name))
  return victims.length === 0 ? undefined : `${names(victims)} was downed, and was to go on.`
}

/** Nobody was downed between two scenes. */
export function wronglyDowned(scene: Scene, before: Scene): string | undefined {
  const victims = scene.downed.slice(before.downed.length)
  return victims.length === 0 ? undefined : `${names(victims)} was downed, and nobody was to be.`
}

/** A process that ended although nobody wanted it to. */
export function brokenProcess(scene: Scene): SceneNode | undefined {
  return [...scene.nodes.values()].find(({ state }) => state === 'failed')
}

/** How a node knows another one, or itself. */
export function memberOf(node: SceneNode, name: string): MemberView | undefined {
  return node.view?.members.find((member) => member.name === name)
}

function names(nodes: readonly { readonly name: string }[]): string {
  return [...new Set(nodes.map(({ name }) => name))].join(', ')
}
