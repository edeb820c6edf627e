// What a client asks its contact for, and makes of what it is told.
import type { Clock } from '@casty/clock'
import { ClusterState } from '@casty/membership'
import type { ClientMessage } from './client-messages.ts'
import type { ClientView } from './client-view.ts'
import { knownOf, learnt } from './cluster-news.ts'
import { contentDigest } from './content-digest.ts'

type News = Extract<ClientMessage, { readonly type: 'news' }>
type Welcome = Extract<ClientMessage, { readonly type: 'welcome' }>

/** Everything is asked for anew so often, so that nothing is remembered that the members forgot. */
const wholeEveryMs = 3_600_000
/** Where a contact says so often that it knows the same, and what it told did not lead there, nothing will. */
const patience = 3

export class NewsReader {
  readonly #view: Pick<ClientView, 'getState' | 'become'>
  readonly #clock: Clock
  #toldAt: number | undefined
  #wholeAt = -Infinity
  /** What the contact knows, as it said last, where that was other than what is known here, and how often in a row. */
  #lacking: { readonly digest: string; readonly times: number } | undefined
  /** What it has is asked for in place of what is known here. */
  #instead: string | undefined
  /** Nor did that lead there: as far as anybody knows it is as good. */
  #isAsGoodAs: string | undefined

  constructor(view: Pick<ClientView, 'getState' | 'become'>, clock: Clock) {
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
  missing({ contentDigest: theirs, registryDigest }: Welcome): ClientMessage | undefined {
    const state = this.#view.getState()
    const isDue = this.#clock.now() - this.#wholeAt >= wholeEveryMs
    const isSame = contentDigest(state) === theirs && state.registry.digest === registryDigest
    const digest = `${theirs} ${registryDigest}`
    const times = this.#lacking?.digest === digest ? this.#lacking.times + 1 : 1
    this.#lacking = isSame ? undefined : { digest, times }
    const isStuck = !isSame && times > patience && digest !== this.#isAsGoodAs
    this.#instead = isStuck ? digest : undefined
    return isSame && !isDue ? undefined : this.#pull(isDue || isStuck)
  }

  #pull(isWhole: boolean): ClientMessage {
    const { version, registry } = knownOf(isWhole ? ClusterState.empty : this.#view.getState())
    return { type: 'pull', version, registry }
  }

  /** @returns whether that was the last of a whole state */
  read({ content, isWhole, isLast }: News): boolean {
    const telling = isWhole ? (this.#instead === undefined ? 'whole' : 'instead') : 'part'
    const state = learnt(this.#view.getState(), content, telling)
    if (state === undefined) {
      this.#wholeAt = -Infinity // It is of another cluster: all is asked for anew, with the next greeting.
      return false
    }
    this.#toldAt = this.#clock.now()
    this.#view.become(state)
    if (!isLast || !isWhole) return false
    this.#wholeAt = this.#clock.now()
    this.#isAsGoodAs = this.#instead
    return true
  }
}
