// What became of every message that a client sent: handled at most once, in order, or accounted for.
import type { DeadLetterReason } from '@casty/actor'
import type { ClientLetter } from './entities.ts'
import type { Finding } from './record.ts'

/** One message, from outside. */
export interface SentLetter {
  readonly letter: Omit<ClientLetter, 'replyTo'>
  /** Type and id of its entity. */
  readonly key: string
  readonly sentAt: number
  readonly isAsk: boolean
  handledAt: number | undefined
  handledBy: string
  /** Why somebody said that it will not be handled. */
  dead: DeadLetterReason | undefined
  /** It could not even be sent. */
  isRefused: boolean
}

/** Whoever says one of these says that no entity came to it. */
const neverHandled: ReadonlySet<DeadLetterReason> = new Set<DeadLetterReason>([
  'stopped',
  'mailbox-full',
  'not-found',
  'not-serializable',
  'not-sent',
  'buffer-full',
  'overdue',
])

export class Letters {
  readonly #sent = new Map<string, SentLetter>()
  readonly #counts = new Map<string, number>()
  /** By sender and entity, what was handled, by the world's time. */
  readonly #handled = new Map<string, { readonly at: number; readonly seq: number }[]>()

  get all(): Iterable<SentLetter> {
    return this.#sent.values()
  }

  find(uid: string): SentLetter | undefined {
    return this.#sent.get(uid)
  }

  /** The number of the next letter of a process to an entity. */
  nextSeq(from: string, key: string): number {
    const pair = `${from} ${key}`
    const seq = (this.#counts.get(pair) ?? 0) + 1
    this.#counts.set(pair, seq)
    return seq
  }

  sent(letter: Omit<ClientLetter, 'replyTo'>, key: string, sentAt: number, isAsk: boolean): void {
    const rest = { handledAt: undefined, handledBy: '', dead: undefined, isRefused: false }
    this.#sent.set(letter.uid, { letter, key, sentAt, isAsk, ...rest })
  }

  handled(letter: ClientLetter, key: string, by: string, at: number): Finding | undefined {
    const known = this.#sent.get(letter.uid)
    const what = `${letter.uid} to ${key}`
    if (known === undefined || known.key !== key) {
      return { checker: 'messages are handled once', text: `${what} was never sent there` }
    }
    if (known.handledAt !== undefined) {
      const text = `${what} is handled by ${known.handledBy} and by ${by}`
      return { checker: 'messages are handled once', text }
    }
    known.handledAt = at
    known.handledBy = by
    return this.#contradiction(known) ?? this.#outOfOrder(letter, key, at)
  }

  #outOfOrder({ from, seq, uid }: ClientLetter, key: string, at: number): Finding | undefined {
    const pair = `${from} ${key}`
    const list = this.#handled.get(pair) ?? []
    this.#handled.set(pair, list)
    // A process that is blocked in the midst of something does it later than it seems.
    let place = list.length
    while (place > 0 && (list[place - 1]?.at ?? 0) > at) place--
    const [before, after] = [list[place - 1], list[place]]
    list.splice(place, 0, { at, seq })
    const wrong = before && before.seq > seq ? before : after && after.seq < seq ? after : undefined
    if (!wrong) return undefined
    const text = `${key} handles ${uid}, number ${seq} of ${from}, next to number ${wrong.seq}`
    return { checker: 'order is kept', text }
  }

  dead(uid: string, reason: DeadLetterReason): Finding | undefined {
    const known = this.#sent.get(uid)
    if (!known) return undefined
    known.dead = reason
    return this.#contradiction(known)
  }

  #contradiction({ letter, key, dead, handledAt, handledBy }: SentLetter): Finding | undefined {
    if (dead === undefined || handledAt === undefined || !neverHandled.has(dead)) return undefined
    const text = `${letter.uid} to ${key} is a dead letter (${dead}), and handled by ${handledBy}`
    return { checker: 'the dead are not handled', text }
  }
}
