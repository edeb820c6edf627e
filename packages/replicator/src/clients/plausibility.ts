// Whether what a client says of a value can be so. It changes values under its own name, and passes on what members told it,
// so that nothing is lost with the only member that knew it: it may not make that up.
import {
  entriesOf,
  stampsOf,
  type Causal,
  type CausalContext,
  type DotStore,
  type Payload,
  type Scalar,
} from '@casty/crdt'

export interface PlausibilityParts {
  /** This member: what it did, it knows best. */
  readonly self: string
  /** By so many changes a client may be ahead of what is known here of another node. */
  readonly maxLead: number
  /** Members that tell this one themselves what they do. */
  readonly reachable: () => ReadonlySet<string>
}

/** A greater count of a client's is refused: sums of such could not be read. What a counter takes has 2⁵³ at a time. */
const maxCount = 2n ** 1_024n

/** Of more names the highest counters are not kept: those that were not heard of for the longest time are forgotten. */
const maxNames = 10_000

export class Plausibility {
  readonly #parts: PlausibilityParts
  /** By node, of all its changes of any value: one count goes through all of them. */
  readonly #highest = new Map<string, number>()

  constructor(parts: PlausibilityParts) {
    this.#parts = parts
  }

  /** Something was joined into a value here. */
  learn(context: CausalContext): void {
    for (const node of context.nodes) {
      const highest = Math.max(this.#highest.get(node) ?? 0, context.highest(node))
      this.#highest.delete(node)
      this.#highest.set(node, highest)
    }
    for (const node of this.#highest.keys()) {
      if (this.#highest.size <= maxNames) return
      this.#highest.delete(node)
    }
  }

  /**
   * @param replica - under which name the client changes values
   * @param here - what this member has of the value
   */
  isPlausible(replica: string, said: Causal, here: Causal): boolean {
    const { self } = this.#parts
    const others = said.context.nodes.filter((node) => node !== replica)
    const isNear = others.every((node) => said.context.highest(node) <= this.#most(node, here))
    const heard = new Set([self, ...this.#parts.reachable()])
    return isNear && isTold(said.store, here.store, { replica, heard, seen: here.context })
  }

  #most(node: string, { context }: Causal): number {
    const { self, maxLead } = this.#parts
    const inValue = context.highest(node)
    return node === self ? inValue : Math.max(inValue, this.#highest.get(node) ?? 0) + maxLead
  }
}

interface Told {
  readonly replica: string
  readonly heard: ReadonlySet<string>
  readonly seen: CausalContext
}

/** What others put there is there with the same content, was removed since, or comes of somebody who is out of reach. */
function isTold(said: DotStore | undefined, here: DotStore | undefined, told: Told): boolean {
  if (said === undefined) return true
  if (said.type === 'branch') {
    const below = entriesOf(here)
    return [...said.entries].every(([key, store]) => isTold(store, below.get(key), told))
  }
  const stamps = stampsOf(here)
  return [...said.dots].every(([node, { counter, payload }]) => {
    if (node === told.replica) return payload.every(isBounded)
    const known = stamps.get(node)
    if (known?.counter === counter) return isSame(payload, known.payload)
    return told.seen.covers(node, counter) || !told.heard.has(node)
  })
}

function isBounded(part: Scalar): boolean {
  return typeof part !== 'bigint' || part <= maxCount
}

function isSame(left: Payload, right: Payload): boolean {
  return left.length === right.length && left.every((part, place) => part === right[place])
}
