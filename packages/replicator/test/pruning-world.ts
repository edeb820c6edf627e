// Nodes that hold one value, out of which one of them prunes a node that is gone; and the same in a world where nobody is pruned.
import { deltaOf, merge, Replica, withoutDelta, type Crdt, type CrdtType } from '@casty/crdt'
import fc from 'fast-check'
import {
  addSeen,
  beginPruning,
  changeOf,
  envelopeOf,
  isAheadOf,
  mergeEnvelopes,
  needsPruning,
  performPruning,
  type Envelope,
} from '../src/core/envelope.ts'

const names = ['a', 'b', 'c', 'd'] as const
export const gone = 'gone'
const [wallMs, obsoleteAtMs] = [1_000, 1_000_000]

export interface Step {
  readonly type: 'change' | 'join' | 'deliver'
  readonly who: number
  readonly from: number
  readonly what: number
  readonly key: number
}

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record<Step>({
    type: fc.constantFrom('change', 'change', 'join', 'deliver'),
    who: fc.nat(3),
    from: fc.nat(3),
    what: fc.nat(7),
    key: fc.nat(1),
  }),
  { maxLength: 8 },
)

export type Change<C> = (value: C, replica: Replica, step: Step, at: number) => C

/** What is on the way: in the world where a node is pruned, and in the one where nobody is. */
interface Sent<C> {
  readonly from: number
  readonly to: number
  readonly change: C
  readonly plain: C
}

export class PruningWorld<C extends Crdt<C>> {
  readonly #change: Change<C>
  readonly #nodes: Envelope<C>[]
  readonly #plain: C[]
  readonly #replicas = names.map((name) => new Replica(name))
  readonly #plainReplicas = names.map((name) => new Replica(name))
  readonly #sent: (Sent<C> & { readonly pruning: Envelope<C>['pruning'] })[] = []
  #steps = 0

  constructor(type: CrdtType<C>, change: Change<C>, before: readonly Step[]) {
    this.#change = change
    const ofGone = new Replica(gone)
    const values = [type.empty, type.empty]
    for (const step of before) {
      const side = step.who % 2
      const [replica, own] = [side === 0 ? ofGone : this.#replicas[step.from], values[side]]
      if (replica && own) values[side] = withoutDelta(change(own, replica, step, this.#steps++))
    }
    // At the same time, and then all have all of it.
    const value = values.reduce((all, one) => merge(all, one), type.empty)
    for (const place of names.keys()) {
      const from = value.body.state.context.highest(names[place] ?? '')
      if (from > 0) this.#plainReplicas[place]?.nextCounter(from - 1)
    }
    this.#nodes = names.map(() => envelopeOf(value))
    this.#plain = names.map(() => value)
  }

  take(step: Step): void {
    switch (step.type) {
      case 'change':
        this.#changeAt(step)
        break
      case 'join':
        this.#join(step.who, step.from)
        break
      case 'deliver':
        this.#deliver(step.what)
    }
  }

  /** All have seen that it begins. */
  see(): void {
    for (const who of names.keys()) this.#join(who, 0)
    for (const from of names.keys()) this.#join(0, from)
  }

  #changeAt(step: Step): void {
    const { who, from: to } = step
    const [envelope, plain] = [this.#nodes[who], this.#plain[who]]
    const [replica, plainReplica] = [this.#replicas[who], this.#plainReplicas[who]]
    if (!envelope || !plain || !replica || !plainReplica) return
    const at = this.#steps++
    const [after, plainAfter] = [
      this.#change(envelope.value, replica, step, at),
      this.#change(plain, plainReplica, step, at),
    ]
    const [delta, plainDelta] = [deltaOf(after), deltaOf(plainAfter)]
    this.#nodes[who] = { ...envelope, value: withoutDelta(after) }
    this.#plain[who] = withoutDelta(plainAfter)
    if (!delta || !plainDelta) return
    const { pruning } = changeOf(delta, envelope)
    this.#sent.push({ from: who, to, change: delta, plain: plainDelta, pruning })
  }

  /** One of both has what the other one has. */
  #join(who: number, from: number): void {
    const [mine, theirs] = [this.#nodes[who], this.#nodes[from]]
    const [plain, plainOther] = [this.#plain[who], this.#plain[from]]
    if (!mine || !theirs || !plain || !plainOther) return
    this.#nodes[who] = addSeen(mergeEnvelopes(mine, theirs, wallMs), names[who] ?? '')
    this.#plain[who] = merge(plain, plainOther)
  }

  /** Changes come in any order, or never. */
  #deliver(what: number): void {
    const [sent] = this.#sent.splice(what % Math.max(1, this.#sent.length), 1)
    const mine = sent && this.#nodes[sent.to]
    const plain = sent && this.#plain[sent.to]
    if (!mine || !plain) return
    const change = { value: sent.change, pruning: sent.pruning }
    if (isAheadOf(change, mine.value)) return this.#join(sent.to, sent.from)
    this.#nodes[sent.to] = addSeen(mergeEnvelopes(mine, change, wallMs), names[sent.to] ?? '')
    this.#plain[sent.to] = merge(plain, sent.plain)
  }

  /** The owner does what is next. */
  prune(): void {
    const [mine, replica] = [this.#nodes[0], this.#replicas[0]]
    if (!mine || !replica) return
    if (needsPruning(mine, gone, () => true)) this.#nodes[0] = beginPruning(mine, gone, 'a')
    const state = mine.pruning.get(gone)
    if (state?.phase !== 'initialized' || state.seen.length < names.length - 1) return
    this.#nodes[0] = performPruning(mine, gone, replica, obsoleteAtMs)
  }

  /** Everybody has what all others have, and the node is pruned. */
  rest(): readonly { readonly value: C; readonly plain: C }[] {
    for (let round = 0; round < 4; round++) {
      for (const who of names.keys()) for (const from of names.keys()) this.#join(who, from)
      this.prune()
    }
    for (const who of names.keys()) for (const from of names.keys()) this.#join(who, from)
    return this.#nodes.flatMap(({ value }, place) => {
      const plain = this.#plain[place]
      return plain ? [{ value, plain }] : []
    })
  }
}
