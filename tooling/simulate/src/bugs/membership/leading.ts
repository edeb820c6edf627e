// Mistakes in what leaders decide, and when.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const m = 'packages/membership/src'

export const leadingBugs: readonly SeededBug[] = bugsOf([
  {
    name: 'leader-does-not-wait',
    promise: 'decisions stay',
    file: `${m}/leader-actions.ts`,
    find: 'const cluster = isConverged(state.cluster, view)\n',
    replace: "const cluster = state.convergence.type !== 'overdue'\n",
    why: 'A leader decides over views that others do not share.',
  },
  {
    name: 'unreachable-members-block-nothing',
    promise: 'decisions stay',
    file: `${m}/leader.ts`,
    find: "return isActive(member) ? 'unreachable' : undefined",
    replace: 'return undefined',
    why: 'Both sides of a partition lead, and number members apart.',
  },
  {
    name: 'joiners-numbered-unseen',
    promise: 'decisions stay',
    file: `${m}/leader-actions.ts`,
    find: 'const joinersSaw = mayRise.every(({ key }) => cluster.seen.has(key) || unreachable.has(key))',
    replace: 'const joinersSaw = true',
    why: 'A number is given twice, where one joiner alone knows that a dead leader gave it.',
  },
  {
    name: 'numbered-on-from-those-up',
    promise: 'decisions stay',
    file: `${m}/leader.ts`,
    find: 'for (const member of members) last = Math.max(last, member.upNumber ?? 0)',
    replace:
      "for (const member of members) if (member.status === 'up') last = Math.max(last, member.upNumber ?? 0)",
    why: 'Whoever joins while the youngest leaves gets its number.',
  },
  {
    name: 'numbered-by-count',
    promise: 'decisions stay',
    file: `${m}/leader.ts`,
    find: 'last = Math.max(last, member.upNumber ?? 0)',
    replace: 'if (member.upNumber !== undefined) last += 1',
    why: 'After a removal the next joiner gets the number of the youngest.',
  },
  {
    name: 'leaves-without-exiting',
    promise: 'whoever wants in or out gets there',
    file: `${m}/leader.ts`,
    find: "case 'leaving':\n      return 'exiting'",
    replace: "case 'leaving':\n      return 'removed'",
    why: 'A node is let go before it could hand over.',
  },
  {
    name: 'exiting-waits-for-its-word',
    promise: 'whoever wants in or out gets there',
    file: `${m}/leader.ts`,
    find: "return context.exitingConfirmed || context.unreachable ? 'removed' : undefined",
    replace: "return context.exitingConfirmed ? 'removed' : undefined",
    why: 'A member that dies while it is exiting stays for ever.',
  },
  {
    name: 'downed-never-removed',
    promise: 'whoever wants in or out gets there',
    file: `${m}/leader.ts`,
    find: "return context.unreachable ? 'removed' : undefined\n    case 'up'",
    replace:
      "return context.unreachable && context.exitingConfirmed ? 'removed' : undefined\n    case 'up'",
    why: 'Whoever is downed stays in everybody’s view.',
  },
])
