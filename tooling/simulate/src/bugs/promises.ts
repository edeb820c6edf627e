// Which promises each checker looks after: a bug that is caught is caught best by the promise it breaks.
import type { BrokenPromise, SeededBug } from './bug.ts'

const guarded: Readonly<Record<string, readonly BrokenPromise[]>> = {
  'all agree': ['all agree'],
  'decisions are never undone': ['decisions stay'],
  'decisions wait for agreement': ['decisions stay'],
  'the seen have seen': ['decisions stay'],
  'the removed stay away': ['decisions stay', 'everything is bounded'],
  'there is one cluster': ['there is one cluster'],
  'the healthy are reachable': ['the healthy are reachable'],
  'accusations have reasons': ['the healthy are reachable'],
  'votes are of those who count': ['the healthy are reachable'],
  'doubts and accusations pass': ['the healthy are reachable'],
  'nothing happens in peace': ['all agree', 'everything is bounded'],
  'the dead are unreachable, the living are not': [
    'the dead are found',
    'the healthy are reachable',
  ],
  'a crash in peace is noticed at once': ['the dead are found'],
  'every process starts': ['whoever wants in or out gets there'],
  'everybody is there': ['whoever wants in or out gets there'],
  'whoever leaves hands over first': ['whoever wants in or out gets there'],
  'a leave in peace is carried through': ['whoever wants in or out gets there'],
  'one side survives': ['one side survives', 'decisions rest on quiet'],
  'a clean split leaves the right side': [
    'one side survives',
    'losers stop',
    'nobody is downed needlessly',
  ],
  'the loser stops in time': ['losers stop', 'one side survives'],
  'unrest ends': ['losers stop'],
  'decisions rest on quiet pictures': ['decisions rest on quiet'],
  'leaders decide': ['one side survives'],
  'the lease is held by who acts': ['one side survives'],
  'a clear majority goes on': ['nobody is downed needlessly', 'one side survives'],
  'a harmless fault downs nobody': ['nobody is downed needlessly'],
  'one cluster again': ['one side survives', 'losers stop', 'all agree'],
  'one cluster after a trial': ['one side survives', 'losers stop', 'all agree'],
  'nobody is downed across': ['nobody is downed across'],
  'nothing waits inside': ['whoever wants in or out gets there'],
  'a cut between data centers holds up nothing inside': [
    'whoever wants in or out gets there',
    'nobody is downed needlessly',
    'nobody is downed across',
  ],
  'data centers agree': ['all agree', 'the healthy are reachable'],
  'data centers agree after a trial': ['all agree', 'the healthy are reachable'],
  'all is quiet': ['the healthy are reachable'],
  'state is bounded': ['everything is bounded'],
  'what is acknowledged stays': ['what is acknowledged stays', 'stale writers are refused'],
  'nothing is doubled or made up': ['what is acknowledged stays', 'stale writers are refused'],
  'recovery sees no hole': ['what is acknowledged stays', 'damage is told'],
  'numbers and epochs grow': ['stale writers are refused', 'what is acknowledged stays'],
  'a fenced writer writes no more': ['stale writers are refused'],
  'one process has a directory': ['stale writers are refused'],
  'damage is told, and nothing else': ['damage is told', 'what is acknowledged stays'],
  'every journal opens': ['what is acknowledged stays'],
  'every actor goes on': ['what is acknowledged stays'],
  // A loop without end shows as one or the other.
  'nothing throws': ['everything is bounded'],
  'every run ends': ['everything is bounded'],
}

/** Whether it was a checker of the promise that a bug breaks, by the catalogue, that cried. */
export function isOwnPromise({ promise }: SeededBug, checker: string): boolean {
  return guarded[checker]?.includes(promise) === true
}
