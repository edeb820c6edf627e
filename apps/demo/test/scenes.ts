import type { MemberStatus } from '@casty/membership'
import type { News } from '../src/news.ts'
import type { MemberView, NodeView, PendingDecision, Suspicion } from '../src/protocol.ts'
import { advance, emptyScene, type Scene } from '../src/scene.ts'

/** The scene after the news, a tenth of a second apart. */
export function sceneAfter(news: readonly News[], before: Scene = emptyScene): Scene {
  return news.reduce((scene, item) => advance(scene, item, scene.atMs + 100), before)
}

export interface MemberText {
  readonly status?: MemberStatus
  readonly reachable?: boolean
  readonly incarnation?: number
  readonly phi?: number
  readonly refused?: boolean
}

/** A view in which n1 to n`count` are up and fine, but for what is said otherwise. */
export function viewWith(
  count: number,
  exceptions: Readonly<Record<string, MemberText>> = {},
): NodeView {
  const members = namesUpTo(count).map((name, index): MemberView & Suspicion => ({
    name,
    incarnation: incarnationOf(name),
    status: 'up',
    upNumber: index + 1,
    reachable: true,
    phi: 0,
    refused: false,
    ...exceptions[name],
  }))
  return {
    members,
    leader: 'n1',
    converged: true,
    suspicions: members,
    sentBytesPerSecond: 512,
    decision: undefined,
  }
}

/** In which, besides, `decision` is awaited, and whom the node takes for the leader. */
export function decidingView(
  decision: PendingDecision,
  leader: string,
  ...text: Parameters<typeof viewWith>
): NodeView {
  return { ...viewWith(...text), decision, leader, converged: decision.type === 'none' }
}

/** A first life of n1 to n`count`: all listen, and all see all. */
export function clusterOf(count: number): Scene {
  return sceneAfter(
    namesUpTo(count).flatMap((node): News[] => [
      { type: 'process-started', node, pid: pidOf(node) },
      listening(node),
      { type: 'node-view', node, view: viewWith(count) },
    ]),
  )
}

export function listening(node: string, incarnation: number = incarnationOf(node)): News {
  return { type: 'node-listening', node, address: `127.0.0.1:${pidOf(node) + 1_000}`, incarnation }
}

export function ended(node: string, ending: 'killed' | 'left' | 'failed'): News {
  const failure = ending === 'failed' ? { code: undefined, message: 'It fell over.' } : undefined
  return { type: 'process-ended', node, pid: pidOf(node), ending, failure }
}

export function namesUpTo(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `n${index + 1}`)
}

export function incarnationOf(name: string): number {
  return 1_700_000_000_000 + Number(name.slice(1))
}

function pidOf(name: string): number {
  return 40_000 + Number(name.slice(1))
}
