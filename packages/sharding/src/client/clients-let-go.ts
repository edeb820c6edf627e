// What a member asks of clients before it goes: to send it nothing more. They learn late who has its shards now, from others; and
// what they sent meanwhile has to come here, and be back with them, while there still is somebody to send it back.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { forgetMs } from './client-times.ts'

/** What that was sent before the first answer is back before the second question, on the same lane, so before the second answer. */
const rounds = 2

interface KnownClient {
  readonly client: NodeIdentity
  readonly until: number
}

export class ClientsLetGo {
  readonly #ask: (client: NodeIdentity) => void
  readonly #maxClients: number
  readonly #known = new Map<NodeKey, KnownClient>()
  /** How often those that were asked still have to answer. */
  readonly #left = new Map<NodeKey, { readonly client: NodeIdentity; rounds: number }>()

  /** @param maxClients - so many are asked at most */
  constructor(ask: (client: NodeIdentity) => void, maxClients: number) {
    this.#ask = ask
    this.#maxClients = maxClients
  }

  /** A client sends to entities here. */
  uses(client: NodeIdentity, now: number): void {
    const isKnown = this.#known.has(client.key)
    if (!isKnown && this.#known.size >= this.#maxClients) this.#forgetOverdue(now)
    if (!isKnown && this.#known.size >= this.#maxClients) return
    this.#known.set(client.key, { client, until: now + forgetMs })
  }

  #forgetOverdue(now: number): void {
    for (const [key, { until }] of this.#known) if (until <= now) this.#known.delete(key)
  }

  begin(now: number): void {
    this.#forgetOverdue(now)
    for (const { client } of this.#known.values()) {
      this.#left.set(client.key, { client, rounds })
      this.#ask(client)
    }
  }

  answered(client: NodeIdentity): void {
    const left = this.#left.get(client.key)
    if (!left) return
    if (--left.rounds === 0) this.#left.delete(client.key)
    else this.#ask(client)
  }

  /** @param isThere - whether a client is one still: those that are gone send nothing */
  isDone(isThere: (client: NodeIdentity) => boolean): boolean {
    for (const { client } of this.#left.values()) if (isThere(client)) return false
    return true
  }
}
