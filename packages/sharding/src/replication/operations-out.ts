// What the owner of a shard did in one turn, on its way to those that are to do the same: in one request where they lack the same, and in
// some where it is much.
import type { NodeIdentity } from '@casty/transport'
import { sizeOfOperation } from './copy.ts'
import type { FollowedReplicas } from './followed-replicas.ts'
import type { ReplicatedEntry, ReplicateEvents } from './messages.ts'
import type { ReplicatedShardPort } from './replicated-shard-port.ts'

/** Mutable. At the end of a turn nothing is left in what replicas were to be sent. */
export class OperationsOut {
  readonly #replicas: Pick<FollowedReplicas, 'all'>
  readonly #port: Pick<ReplicatedShardPort, 'send' | 'atEndOfTurn'>
  readonly #batchBytes: number
  #isDue = false

  /** @param batchBytes - about so much goes into one request */
  constructor(
    replicas: Pick<FollowedReplicas, 'all'>,
    port: Pick<ReplicatedShardPort, 'send' | 'atEndOfTurn'>,
    batchBytes: number,
  ) {
    this.#replicas = replicas
    this.#port = port
    this.#batchBytes = batchBytes
  }

  /** There is something to send at the end of this turn. */
  flushSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    this.#port.atEndOfTurn(() => this.#flush())
  }

  #flush(): void {
    this.#isDue = false
    let last: readonly ReplicatedEntry[] = []
    let alike: NodeIdentity[] = []
    for (const { node, link } of this.#replicas.all) {
      const entries = link.takeOutbox()
      if (entries.length === 0) continue
      if (!sameEntries(entries, last)) {
        this.#send(last, alike)
        last = entries
        alike = []
      }
      alike.push(node)
    }
    this.#send(last, alike)
  }

  #send(entries: readonly ReplicatedEntry[], to: readonly NodeIdentity[]): void {
    for (const request of inRequests(entries, this.#batchBytes)) this.#port.send(to, request)
  }
}

function sameEntries(left: readonly ReplicatedEntry[], right: readonly ReplicatedEntry[]): boolean {
  return left.length === right.length && left.every((entry, index) => entry === right[index])
}

function inRequests(
  entries: readonly ReplicatedEntry[],
  batchBytes: number,
): readonly ReplicateEvents[] {
  const requests: ReplicateEvents[] = []
  let [part, room]: [ReplicatedEntry[], number] = [[], batchBytes]
  for (const entry of entries) {
    const size = sizeOfOperation(entry.operation)
    if (part.length > 0 && size > room) {
      requests.push({ type: 'replicate-events', entries: part })
      ;[part, room] = [[], batchBytes]
    }
    part.push(entry)
    room -= size
  }
  if (part.length > 0) requests.push({ type: 'replicate-events', entries: part })
  return requests
}
