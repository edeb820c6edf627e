// Mistakes in who is counted, and what a count comes to.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const s = 'packages/sbr/src'

export const countingBugs: readonly SeededBug[] = bugsOf([
  {
    name: 'no-second-count',
    scenario: 'split-brain-races',
    promise: 'one side survives',
    file: `${s}/second-pass.ts`,
    find: "if (first.decision !== 'down-unreachable') return judgedOnce(first)",
    replace: 'return judgedOnce(first)',
    why: 'Whoever came up, or left, on one side only is counted as if both knew.',
  },
  {
    name: 'no-second-count-of-a-quorum',
    scenario: 'split-brain-races',
    promise: 'one side survives',
    file: `${s}/strategies/quorum.ts`,
    find: 'guardMembershipChange(rest, judge, quorum.role)',
    replace: 'judgedOnce(judge(countSides(rest, settled, quorum.role)))',
    why: 'A quorum may be there on both sides, when somebody came up unseen by one of them.',
  },
  {
    name: 'halves-both-survive',
    promise: 'one side survives',
    file: `${s}/strategies/keep-majority.ts`,
    find: 'if (here > there) return',
    replace: 'if (here >= there) return',
    why: 'Of two halves each takes itself for the majority.',
  },
  {
    name: 'lowest-of-its-own-side',
    promise: 'one side survives',
    file: `${s}/strategies/keep-majority.ts`,
    find: 'const lowest = lowestAddress([...sides.here, ...sides.there])',
    replace: 'const lowest = lowestAddress(sides.here)',
    why: 'Of two halves each looks for the lowest address among its own members.',
  },
  {
    name: 'joiners-counted-here',
    scenario: 'split-brain-races',
    promise: 'one side survives',
    file: `${s}/counting.ts`,
    // In either count: the second one would make good for the first.
    find: `export const settled: Counting = { here: ['up', 'leaving'], there: ['up', 'leaving'] }

/** As few here and as many there as the other side, which may know more or less, can count. */
export const pessimistic: Counting = {
  here: ['up'],`,
    replace: `export const settled: Counting = {
  here: ['joining', 'weakly-up', 'up', 'leaving'],
  there: ['up', 'leaving'],
}
export const pessimistic: Counting = {
  here: ['joining', 'weakly-up', 'up'],`,
    why: 'Joiners that the other side knows nothing of help a minority up.',
  },
  {
    name: 'lost-counted-as-there',
    promise: 'one side survives',
    file: `${s}/counting.ts`,
    find: '({ key, status }) => !view.unreachable.has(key) && counting.here.includes(status),',
    replace: '({ status }) => counting.here.includes(status),',
    why: 'Members out of reach are counted on the own side too.',
  },
  {
    name: 'lone-links-counted',
    promise: 'nobody is downed needlessly',
    file: `${s}/resolver/view-of.ts`,
    find: 'return votes.filter(({ unreachable }) => unreachable)',
    replace: 'return votes',
    why: 'One accusation, outvoted by all others, makes a member unreachable.',
  },
  {
    name: 'alone-however-many-are-there',
    promise: 'one side survives',
    file: `${s}/strategies/keep-oldest.ts`,
    find: 'const isAlone = downIfAlone && withIt === 1 && withoutIt >= 2',
    replace: 'const isAlone = downIfAlone && (isHere ? there >= 2 : there === 1) && !isHere',
    why: 'The side of an oldest that is alone, and the others, both go on.',
  },
])
