// Mistakes in who decides, when, and on what.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const r = 'packages/sbr/src/resolver'

export const decidingBugs: readonly SeededBug[] = bugsOf([
  {
    name: 'nobody-waits-for-quiet',
    promise: 'decisions rest on quiet',
    file: `${r}/deadlines.ts`,
    find: 'return quietSince + stableAfterMs + (isDoubtful ? unstableAfterMs : 0)',
    replace: 'return quietSince + 0 * (stableAfterMs + (isDoubtful ? unstableAfterMs : 0))',
    why: 'Half a picture is decided on, and another half on the other side.',
  },
  {
    name: 'window-not-restarted',
    promise: 'decisions rest on quiet',
    file: `${r}/stability.ts`,
    find: 'quietSince: change.restarts ? now : before.quietSince,',
    replace: 'quietSince: before.quietSince,',
    why: 'What changed meanwhile is decided on as if it had been so all the time.',
  },
  {
    name: 'every-node-decides',
    promise: 'one side survives',
    file: `${r}/view-of.ts`,
    find: 'if (!own || electLeader(state, viewpoint)?.key !== self.key || isOutvoted(asked)) return false',
    replace: 'if (!own) return false',
    why: 'Each node of a side decides on its own view, and they may differ.',
  },
  {
    name: 'the-silent-counted-as-there',
    promise: 'one side survives',
    file: `${r}/hearing.ts`,
    find: 'return new Set([...pendingSince].filter(([, at]) => at <= since).map(([key]) => key))',
    replace:
      'return new Set([...pendingSince].filter(([, at]) => at < since - 1e9).map(([key]) => key))',
    why: 'Whoever is not found unreachable yet helps a minority up, though nothing is heard of it.',
  },
  {
    name: 'old-pictures-decided-on',
    promise: 'decisions rest on quiet',
    file: `${r}/resolver.ts`,
    find: 'const lateByMs = now - state.wakeAt',
    replace: 'const lateByMs = 0 * (now - state.wakeAt)',
    why: 'A process that was stopped decides on what it saw before.',
  },
  {
    name: 'unrest-without-end',
    scenario: 'split-brain-unrest',
    promise: 'losers stop',
    file: `${r}/deadlines.ts`,
    find: 'return firstChangeAt + settings.stableAfterMs + patienceMs(settings)',
    replace: 'return firstChangeAt + 1e9 + 0 * patienceMs(settings)',
    why: 'A side for which members come and go, or to which nobody decides, runs for ever.',
  },
  {
    name: 'loser-goes-on',
    promise: 'losers stop',
    file: `${r}/sbr-runtime.ts`,
    find: 'return action.nodes',
    replace: 'return action.nodes.filter(({ key }) => key !== this.#context.self.key)',
    why: 'Who decides that its side goes down downs all but itself.',
  },
  {
    name: 'losing-side-left-alone',
    promise: 'losers stop',
    file: 'packages/sbr/src/nodes-to-down.ts',
    find: `    case 'down-reachable':
      return ({ key }) => !view.unreachable.has(key)`,
    replace: `    case 'down-reachable':
      return ({ key }) => key === view.self`,
    why: 'Who decides that its side goes down stops alone; the next leader has to find out by itself.',
  },
  {
    name: 'lease-taken-for-held',
    promise: 'one side survives',
    file: `${r}/lease-keeper.ts`,
    find: 'return this.#lease.checkLease()',
    replace: 'return true',
    why: 'The lease is not asked for, as if it were still held from the time before.',
  },
  {
    name: 'lease-given-back-at-once',
    promise: 'one side survives',
    file: `${r}/lease-phase.ts`,
    find: "return { type: 'held', downed: new Set(), releaseAt: now + releaseAfterMs }",
    replace: "return { type: 'held', downed: new Set(), releaseAt: now + 0 * releaseAfterMs }",
    why: 'The lease is free again before the other side has asked for it.',
  },
  {
    name: 'denied-lease-ignored',
    promise: 'one side survives',
    file: 'packages/sbr/src/ruling.ts',
    find: 'const next = isGranted ? decision.granted : decision.denied',
    replace:
      "const next = isGranted || ruling.view.members.length < 0 ? decision.granted : { type: 'stay' } as const",
    why: 'Who does not get the lease goes on as if it had not asked.',
  },
])
