// What a client asks its contact for, and makes of what it is told.
import type { Clock } from '@casty/clock'
import { ClusterState } from '@casty/membership'
import type { ClientMessage } from './client-messages.ts'
import type { ClientView } from './client-view.ts'
import { knownOf, learnt } from './cluster-news.ts'

type News = Extract<ClientMessage, { readonly type: 'news' }>
type Welcome = Extract<ClientMessage, { readonly type: 'welcome' }>

/** Everything is asked for anew so often, so that nothing is remembered that the members forgot. */
const wholeEveryMs = 3_600_000

export class NewsReader {
  readonly #view: ClientView
  readonly #clock: Clock
  #toldAt: number | undefined
  #wholeAt = -Infinity

  constructor(view: ClientView, clock: Clock) {
    this.#view = view
    this.#clock = clock
  }

  /** How long ago it was told anything, in milliseconds. */
  get toldForMs(): number | undefined {
    return this.#toldAt === undefined ? undefined : this.#clock.now() - this.#toldAt
  }

  /** What to ask a new contact for. */
  request(): ClientMessage {
    return this.#pull(this.#wholeAt === -Infinity)
  }

  /** What to ask the contact for that has just said what it has; undefined where nothing is missing. */
  missing({ versionDigest, registryDigest }: Welcome): ClientMessage | undefined {
    const { versionDigest: own, registry } = this.#view.getState()
    const isDue = this.#clock.now() - this.#wholeAt >= wholeEveryMs
    const isOther = own !== versionDigest || registry.digest !== registryDigest
    return isOther || isDue ? this.#pull(isDue) : undefined
  }

  #pull(isWhole: boolean): ClientMessage {
    const { version, registry } = knownOf(isWhole ? ClusterState.empty : this.#view.getState())
    return { type: 'pull', version, registry }
  }

  /** @returns whether that was the last of a whole state */
  read({ content, isWhole, isLast }: News): boolean {
    const state = learnt(this.#view.getState(), content, isWhole)
    if (state === undefined) {
      this.#wholeAt = -Infinity // It is of another cluster: all is asked for anew, with the next greeting.
      return false
    }
    this.#toldAt = this.#clock.now()
    this.#view.become(state)
    if (!isLast || !isWhole) return false
    this.#wholeAt = this.#clock.now()
    return true
  }
}
