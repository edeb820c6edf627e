// Where this project decides otherwise than the implementations that the vectors come from. Each
// deviation states the rule by which cases are affected, what upstream's rule makes of such a case,
// and what ours does. A case that expects anything but the former, or gets anything but the latter,
// fails. What upstream does is no deviation where it is an option of ours: suites ask with it.
import { NodeAddress } from '@casty/membership'
import {
  equalJson,
  numberOf,
  objectOf,
  objectsOf,
  textsOf,
  type Json,
  type JsonObject,
} from './json.ts'
import { crdtDeviations } from './crdt-deviations.ts'
import { incarnationDeviations } from './merge-deviations.ts'
import { downingDeviations, sbrDeviations } from './sbr-deviations.ts'
import { structureDeviations } from './structures/structure-deviations.ts'
import { nodesOf } from './suites/gossip.ts'
import { addressOf, statusViewOf, type StatusView } from './status-model.ts'
import type { Fact, VectorCase } from './vector-case.ts'

/** Answers of a case, by part. */
export type Parts = Readonly<Record<string, Json>>

export interface Deviation {
  readonly id: string
  readonly reason: string
  /** The rule: which cases it is about. */
  readonly applies: (vector: VectorCase) => boolean
  /** What upstream's rule answers, for the parts that the deviation is about. */
  readonly upstream: (vector: VectorCase, expected: Parts) => Parts
  /** What ours answers, for the same parts. */
  readonly ours: (vector: VectorCase, expected: Parts) => Parts
}

function asks(vector: VectorCase, suite: string, ...kinds: readonly string[]): boolean {
  return vector.suite === suite && kinds.includes(vector.kind)
}

function statusIn({ data }: VectorCase): Json | undefined {
  return objectOf(data['input'], 'input')['status']
}

function statusDeviation(
  id: string,
  reason: string,
  kind: string,
  statuses: readonly string[],
  upstream: string | null,
  ours: string | null,
): Deviation {
  return {
    id,
    reason,
    applies: (vector) =>
      asks(vector, 'atomr-functions', kind) &&
      statuses.some((status) => status === statusIn(vector)),
    upstream: () => ({ answer: upstream }),
    ours: () => ({ answer: ours }),
  }
}

const lifeCycle: readonly Deviation[] = [
  statusDeviation(
    'down-is-removed-once-stopped',
    'A downed member is removed on convergence, and only when it is unreachable: it must have stopped first.',
    'next_status',
    ['down'],
    'removed',
    null,
  ),
  statusDeviation(
    'exiting-is-removed-once-done',
    'An exiting member is removed when it has said that it is done, or is unreachable: its exit tasks are awaited.',
    'next_status',
    ['exiting'],
    'removed',
    null,
  ),
  {
    id: 'weakly-up-becomes-up',
    reason:
      'A weakly up member becomes up on convergence like a joining one; otherwise it never would.',
    applies: (vector) =>
      asks(vector, 'atomr-functions', 'next_status') && statusIn(vector) === 'weakly-up',
    upstream: () => ({ answer: null }),
    ours: ({ data }) => ({
      answer: objectOf(data['input'], 'input')['converged'] === true ? 'up' : null,
    }),
  },
  statusDeviation(
    'anybody-may-be-downed',
    'Any member that is not down yet can be downed, also one that is joining or exiting: it may be the one that hangs.',
    'MembershipState.down',
    ['joining', 'exiting'],
    null,
    'down',
  ),
  statusDeviation(
    'a-joiner-may-leave',
    'A member that is still joining may leave; otherwise a node started by mistake had to become up first.',
    'MembershipState.leave',
    ['joining'],
    null,
    'leaving',
  ),
  {
    id: 'exiting-blocks-nobody',
    reason:
      'An unreachable member that is exiting does not keep the rest from converging: it is on its way out.',
    applies: (vector) => asks(vector, 'atomr-functions', 'is_converged'),
    upstream: (vector) => ({ answer: isReachedApartFrom(vector, ['down', 'removed']) }),
    ours: (vector) => ({ answer: isReachedApartFrom(vector, ['down', 'removed', 'exiting']) }),
  },
]

/** Whether nobody is unreachable but members of these statuses, and those who are none. */
function isReachedApartFrom({ data }: VectorCase, ignored: readonly string[]): boolean {
  const { statuses, unreachable } = statusViewOf(objectOf(data['input'], 'input'))
  return [...unreachable].every((name) => ignored.includes(statuses.get(name) ?? 'removed'))
}

/** Up and leaving first, then by fitness; within each by address. */
const fitness = [['up', 'leaving'], ['weakly-up'], ['joining'], ['exiting']] as const

function leaderByFitness({ statuses, unreachable }: StatusView): string | null {
  for (const fit of fitness) {
    const names = [...statuses]
      .filter(([name, status]) => fit.some((one) => one === status) && !unreachable.has(name))
      .map(([name]) => name)
    const [first] = names.toSorted((left, right) =>
      NodeAddress.compare(addressOf(left), addressOf(right)),
    )
    if (first !== undefined) return first
  }
  return null
}

/** Upstream's order: by the text of the address, and only members that are up or leaving. */
function leaderByText({ statuses, unreachable }: StatusView): string | null {
  const names = [...statuses]
    .filter(([name, status]) => fitness[0].some((one) => one === status) && !unreachable.has(name))
    .map(([name]) => name)
  return names.toSorted()[0] ?? null
}

/** The views of which a case asks for the leader, one after another. */
function viewsOf({ kind, data }: VectorCase): readonly StatusView[] {
  const input = objectOf(data['input'], 'input')
  return kind === 'elect_leader'
    ? [statusViewOf(input)]
    : objectsOf(input['observations'], 'observations').map(statusViewOf)
}

function leadersOf(vector: VectorCase, elect: (view: StatusView) => string | null): Parts {
  const leaders = viewsOf(vector).map(elect)
  if (vector.kind === 'elect_leader') return { answer: leaders[0] ?? null }
  const handovers = leaders.map((to, index) => {
    const from = leaders[index - 1] ?? null
    return [`observation ${index + 1}`, from === to ? null : { from, to }] as const
  })
  return Object.fromEntries(handovers)
}

const leading: readonly Deviation[] = [
  {
    id: 'somebody-leads',
    reason:
      'Where no member is up or leaving, the first that is weakly up, joining or exiting leads: somebody has to make the first member up, and the last one gone.',
    applies: (vector) =>
      asks(vector, 'atomr-functions', 'elect_leader', 'LeaderHandover.observe') &&
      viewsOf(vector).some(({ statuses, unreachable }) =>
        [...statuses].every(
          ([name, status]) => unreachable.has(name) || (status !== 'up' && status !== 'leaving'),
        ),
      ),
    upstream: (vector) => leadersOf(vector, leaderByText),
    ours: (vector) => leadersOf(vector, leaderByFitness),
  },
  {
    id: 'addresses-order-by-port-number',
    reason:
      'Addresses are ordered by host, then port as a number; as text, port 10000 came before 2551.',
    applies: (vector) =>
      asks(vector, 'atomr-functions', 'elect_leader', 'LeaderHandover.observe') &&
      viewsOf(vector).some(({ statuses }) =>
        [...statuses.keys()].some((name) => /:\d+$/.test(name)),
      ),
    upstream: (vector) => leadersOf(vector, leaderByText),
    ours: (vector) => leadersOf(vector, leaderByFitness),
  },
]

const others: readonly Deviation[] = [
  {
    id: 'a-change-is-seen-by-its-author-only',
    reason:
      'Every change of a state names its author and starts anew who has seen it. Upstream does the same in a second step, which these vectors leave out; the author here is no member.',
    applies: (vector) => asks(vector, 'gossip', 'remove', 'mark-down', 'update'),
    upstream: ({ kind, data }) => ({
      seen: seenWithout(data, kind === 'update' ? [] : nodesOf(data)),
    }),
    ours: () => ({ seen: [] }),
  },
  {
    id: 'phi-stays-finite',
    reason:
      'φ is computed as a sum of logarithms, so that it goes on growing where the published formula divides by a rounded zero and jumps to infinity.',
    applies: (vector) =>
      asks(vector, 'failure-detector', 'phi', 'phiExact') &&
      vector.data['quantity'] !== 'cdf' &&
      publishedPhi(vector.data) === Number.POSITIVE_INFINITY,
    upstream: () => ({ answer: Number.POSITIVE_INFINITY }),
    ours: ({ data }) => ({ answer: logitOf(data) / Math.LN10 }),
  },
  {
    id: 'a-frame-has-a-type',
    reason: 'The length of a frame counts its byte of type, so that a length of 0 is malformed.',
    applies: (vector) =>
      asks(vector, 'atomr-functions', 'TcpClusterTransport.frame') &&
      objectOf(vector.data['input'], 'input')['payloadLength'] === 0,
    upstream: () => ({ accepted: true }),
    ours: () => ({ accepted: false }),
  },
]

function seenWithout(data: JsonObject, gone: readonly string[]): readonly string[] {
  const seen = textsOf(objectOf(data['gossip'], 'gossip')['seen'] ?? [], 'seen')
  return seen.filter((label) => !gone.includes(label)).toSorted()
}

function logitOf(data: JsonObject): number {
  const deviation = numberOf(data['stdDeviation'], 'stdDeviation')
  const y = (numberOf(data['timeDiff'], 'timeDiff') - numberOf(data['mean'], 'mean')) / deviation
  return y * (1.5976 + 0.070566 * y * y)
}

/** The formula as published, for silences above the mean. */
function publishedPhi(data: JsonObject): number {
  const e = Math.exp(-logitOf(data))
  return -Math.log10(e / (1 + e))
}

export const deviations: readonly Deviation[] = [
  ...incarnationDeviations,
  ...lifeCycle,
  ...leading,
  ...others,
  ...sbrDeviations,
  ...downingDeviations,
  ...crdtDeviations,
  ...structureDeviations,
]

/** The facts of a case with our declared answers in place, and which deviations changed any. */
export function declare(
  vector: VectorCase,
  facts: readonly Fact[],
  declared: readonly Deviation[] = deviations,
): { readonly facts: readonly Fact[]; readonly used: readonly Deviation[] } {
  let current = facts
  const used: Deviation[] = []
  for (const deviation of declared) {
    if (!deviation.applies(vector)) continue
    const expected = Object.fromEntries(current.map((one) => [one.part, one.expected]))
    const upstream = deviation.upstream(vector, expected)
    const ours = deviation.ours(vector, expected)
    const next = current.map((one) => withAnswer(one, upstream[one.part], ours[one.part]))
    if (next.some((one, index) => one !== current[index])) used.push(deviation)
    current = next
  }
  return { facts: current, used }
}

function withAnswer(fact: Fact, upstream: Json | undefined, ours: Json | undefined): Fact {
  if (upstream === undefined || ours === undefined) return fact
  if (!equalJson(fact.expected, upstream) || equalJson(upstream, ours)) return fact
  if (typeof ours !== 'number') return { ...fact, expected: ours }
  return { ...fact, expected: ours, tolerance: Math.abs(ours) * 1e-9 }
}
