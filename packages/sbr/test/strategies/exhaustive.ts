// Every way in which a small cluster can be cut, with members in every status, and parts that do not know
// the same.
//
// What a part decides depends on who is in it and on what it knows of everybody, and on nothing else. So
// each of these is ruled on once, and the search itself only looks up who survives.
import { Member, type NodeIdentity } from '@casty/membership'
import { afterLease, rule, type DowningStrategy, type SbrView } from '@casty/sbr'
import { node, viewOfPart } from './views.ts'

/** What a part may know of a member. Joining stands for weakly up, and exiting for down, as they count alike. */
const known = ['absent', 'joining', 'up', 'risen', 'leaving', 'exiting'] as const
type Known = (typeof known)[number]

/** What is true of a member at the time of the cut. */
export type Truth =
  | 'joining' // On the side that is ahead, it may be up already: then the youngest.
  | 'up'
  | 'leaving' // On the side that is ahead, it may be exiting already.
  | 'exiting'
  | 'newcomer' // Joining, which only its own part knows.
  | 'asked-to-leave' // Leaving, which only its own part knows: the others see it up.

/** What the whole cluster knew before the cut. */
export const agreed: readonly Truth[] = ['joining', 'up', 'leaving', 'exiting']
/** The same, with news that one part has for itself. */
export const withPrivateNews: readonly Truth[] = [...agreed, 'newcomer', 'asked-to-leave']

/** Members as bits: the first member is the lowest. */
type Members = number

function has(members: Members, member: number): boolean {
  return (members & (1 << member)) !== 0
}

/** Whether a step of the leader, taken on one side alone, moves a member. */
function isMoved(truth: Truth): boolean {
  return truth === 'joining' || truth === 'leaving'
}

function knownOf(truth: Truth, isOwn: boolean, isStepped: boolean): Known {
  switch (truth) {
    case 'joining':
      return isStepped ? 'risen' : 'joining'
    case 'leaving':
      return isStepped ? 'exiting' : 'leaving'
    case 'newcomer':
      return isOwn ? 'joining' : 'absent'
    case 'asked-to-leave':
      return isOwn ? 'leaving' : 'up'
    default:
      return truth
  }
}

/** All ways to cut members into two or three parts. */
export function cutsOf(size: number): readonly (readonly Members[])[] {
  let cuts: readonly (readonly Members[])[] = [[]]
  for (let member = 0; member < size; member++) {
    const bit = 1 << member
    cuts = cuts.flatMap((parts) => [
      ...parts.map((_, index) => parts.map((part, other) => (other === index ? part | bit : part))),
      ...(parts.length < 3 ? [[...parts, bit]] : []),
    ])
  }
  return cuts.filter((parts) => parts.length > 1)
}

function* clustersOf(size: number, truths: readonly Truth[]): Generator<readonly Truth[]> {
  for (let code = 0; code < truths.length ** size; code++) {
    yield Array.from({ length: size }, (_, member) => {
      return truths[Math.floor(code / truths.length ** member) % truths.length] ?? 'up'
    })
  }
}

/** A newcomer was let in by a member of its part. */
function canBe(cluster: readonly Truth[], part: Members): boolean {
  const own = cluster.filter((_, member) => has(part, member))
  return (
    !own.includes('newcomer') ||
    own.some((truth) => truth === 'up' || truth === 'leaving' || truth === 'asked-to-leave')
  )
}

/** Which members the leader moved: all choices, which is more than it ever makes. */
function stepsOf(cluster: readonly Truth[]): readonly Members[] {
  return cluster.reduce<readonly Members[]>(
    (steps, truth, member) =>
      isMoved(truth) ? [...steps, ...steps.map((step) => step | (1 << member))] : steps,
    [0],
  )
}

/** What a part knows of a member, as a place in the list above: by truth, own part, and moved. */
const places = new Map(
  withPrivateNews.map((truth) => [
    truth,
    [false, true].flatMap((isStepped) =>
      [false, true].map((isOwn) => known.indexOf(knownOf(truth, isOwn, isStepped))),
    ),
  ]),
)

/** All that a part knows, with these places as digits: those of each member. */
function codeOf(digits: readonly (readonly number[])[], part: Members, stepped: Members): number {
  let code = 0
  for (let member = 0; member < digits.length; member++) {
    const digit = digits[member]?.[((stepped >> member) & 1) * 2 + ((part >> member) & 1)] ?? 0
    code = code * known.length + digit
  }
  return code
}

function memberOf(member: number, what: Known): Member {
  const status = what === 'risen' ? 'up' : what === 'absent' ? 'joining' : what
  return Member.of({
    node: node(String.fromCharCode(97 + member)),
    status,
    roles: [member % 2 === 0 ? 'even' : 'odd'],
    // Strategies heed ages or addresses, so it does no harm that one orders as the other.
    ...(status === 'joining' ? {} : { upNumber: member + (what === 'risen' ? 100 : 1) }),
  })
}

const members = Array.from({ length: 5 }, (_, member) =>
  known.map((what) => memberOf(member, what)),
)

function viewOf(size: number, part: Members, code: number): SbrView {
  const here: Member[] = []
  const there: Member[] = []
  for (let member = size - 1, rest = code; member >= 0; member--) {
    const what = rest % known.length
    const found = members[member]?.[what]
    if (found && known[what] !== 'absent') (has(part, member) ? here : there).push(found)
    rest = Math.floor(rest / known.length)
  }
  const [self] = here
  if (!self) throw new Error('a part is empty')
  return viewOfPart(self, here, there)
}

/** Whether anybody of a part is left: where it is granted the lease, if it asks for one, and where not. */
interface Fate {
  readonly granted: boolean
  readonly denied: boolean
}

function fateOf(strategy: DowningStrategy, view: SbrView): Fate {
  const ruling = rule(strategy, view)
  const isLeft = (down: readonly NodeIdentity[]): boolean =>
    view.members.some(
      ({ key, status }) =>
        !view.unreachable.has(key) &&
        status !== 'exiting' &&
        down.every((downed) => downed.key !== key),
    )
  return {
    granted: isLeft(afterLease(ruling, true).down),
    denied: isLeft(afterLease(ruling, false).down),
  }
}

/** What a search came to. */
export interface Found {
  readonly cases: number
  /** Cases in which two parts survive. */
  readonly split: number
  /** The first of them, for people. */
  readonly example: string | undefined
}

/**
 * Looks for two parts that survive a cut. Each part in turn is a step ahead of the others, whoever the
 * leader was that took it.
 */
export function searchSplits(
  strategy: DowningStrategy,
  size: number,
  truths: readonly Truth[],
): Found {
  const fates: Fate[] = []
  const fate = (part: Members, code: number): Fate =>
    (fates[code * 32 + part] ??= fateOf(strategy, viewOf(size, part, code)))
  const cuts = cutsOf(size)
  const everyPart = [...new Set(cuts.flat())]
  let [cases, split] = [0, 0]
  let example: string | undefined
  for (const cluster of clustersOf(size, truths)) {
    const steps = stepsOf(cluster)
    const digits = cluster.map((truth) => places.get(truth) ?? [])
    // Each part belongs to many cuts: by step, of which the first moves nobody.
    const fatesOf = new Map(
      everyPart
        .filter((part) => canBe(cluster, part))
        .map((part) => [part, steps.map((step) => fate(part, codeOf(digits, part, step)))]),
    )
    for (const parts of cuts) {
      const possible = parts.flatMap((part) => [fatesOf.get(part) ?? []])
      if (possible.some(({ length }) => length === 0)) continue
      const behind = possible.flatMap(([unmoved]) => unmoved ?? [])
      for (const [index, part] of parts.entries()) {
        for (const [place, ahead] of (possible[index] ?? []).entries()) {
          cases++
          if (!isSplit(behind, index, ahead)) continue
          split++
          example ??= exampleOf(cluster, parts, part, steps[place] ?? 0)
        }
      }
    }
  }
  return { cases, split, example }
}

/** Whether two parts survive, whichever of them is granted the lease; one of them is ahead. */
function isSplit(behind: readonly Fate[], index: number, ahead: Fate): boolean {
  const of = (part: number): Fate | undefined => (part === index ? ahead : behind[part])
  for (let holder = 0; holder < behind.length; holder++) {
    if (!of(holder)?.granted) continue
    for (let other = 0; other < behind.length; other++) {
      if (other !== holder && of(other)?.denied) return true
    }
  }
  return false
}

function exampleOf(
  cluster: readonly Truth[],
  parts: readonly Members[],
  ahead: Members,
  step: Members,
): string {
  const texts = parts.map((part) =>
    cluster.flatMap((truth, member) => {
      if (!has(part, member)) return []
      const name = `${String.fromCharCode(97 + member)}.${truth}`
      return [has(step, member) ? `${name} (moved)` : name]
    }),
  )
  const place = parts.indexOf(ahead)
  return texts.map((text, index) => text.join(' ') + (index === place ? ', ahead' : '')).join(' | ')
}
