// One end of a link between two lives of nodes, which carries system messages both ways: each arrives
// once and in order, over a lane that loses, doubles and reorders frames.
//
// Where more waits than there is room for, an end gives up: it begins a new session, in which nothing of
// the old one counts any more, and tells its owner, who forgets all that it had to do with the other end.
// The other end learns of it by the first message of the new session, which says nothing, and does the
// same. So both go on from the same nothing, and no message is missed without both knowing.
import type { LinkFrame } from './system-frame.ts'
import { Outbox, type ResendTimes } from './outbox.ts'

export interface LinkLimits extends ResendTimes {
  /** Most messages that wait to be acknowledged; one more, and all are given up. */
  readonly maxPending: number
}

export type LinkEvent =
  | { readonly type: 'send'; readonly message: Uint8Array }
  | { readonly type: 'frame-received'; readonly frame: LinkFrame }
  /** There is a new connection: what was in vain may not be any more. */
  | { readonly type: 'lane-opened' }
  | { readonly type: 'due' }

/** Which end gave up what was under way. */
export type GivenUp = 'here' | 'there'

export type LinkEffect =
  | { readonly type: 'send-frame'; readonly frame: LinkFrame }
  | { readonly type: 'deliver'; readonly message: Uint8Array }
  | { readonly type: 'give-up'; readonly by: GivenUp; readonly lostMessages: number }

/** First message of every session but the first, from the end that began it. */
const nothing = new Uint8Array(0)

export class SystemLink {
  readonly #limits: LinkLimits
  #session: number
  #outbox: Outbox
  /** Number of the last message that came in order. */
  #received = 0
  #isOwing = false
  #flushAt: number | undefined

  /** @param session - above 1 where there was a link to the same life before, of which nothing is known */
  constructor(limits: LinkLimits, session = 1) {
    this.#limits = limits
    this.#session = session
    this.#outbox = new Outbox(limits)
    if (session === 1) return
    this.#outbox.add(nothing)
    this.#flushAt = -Infinity
  }

  get session(): number {
    return this.#session
  }

  /** How many messages wait to be acknowledged. */
  get pending(): number {
    return this.#outbox.size
  }

  /** When to come back with `due`. */
  get nextDeadline(): number | undefined {
    const { resendAt } = this.#outbox
    if (this.#flushAt === undefined || resendAt === undefined) return this.#flushAt ?? resendAt
    return Math.min(this.#flushAt, resendAt)
  }

  step(event: LinkEvent, now: number): readonly LinkEffect[] {
    switch (event.type) {
      case 'send':
        return this.#send(event.message, now)
      case 'frame-received':
        return this.#receive(event.frame, now)
      case 'lane-opened':
        return this.#laneOpened(now)
      case 'due':
        return this.#due(now)
    }
  }

  #send(message: Uint8Array, now: number): readonly LinkEffect[] {
    if (this.#outbox.size >= this.#limits.maxPending) return [this.#giveUp(now)]
    this.#outbox.add(message)
    this.#flushSoon(now)
    return []
  }

  #giveUp(now: number): LinkEffect {
    const lostMessages = this.#outbox.size + 1
    this.#begin(this.#session + 1)
    this.#outbox.add(nothing)
    this.#flushSoon(now)
    return { type: 'give-up', by: 'here', lostMessages }
  }

  #begin(session: number): void {
    this.#session = session
    this.#outbox = new Outbox(this.#limits)
    this.#received = 0
    this.#isOwing = false
  }

  #receive(frame: LinkFrame, now: number): readonly LinkEffect[] {
    const effects: LinkEffect[] = []
    if (frame.session > this.#session) {
      effects.push({ type: 'give-up', by: 'there', lostMessages: this.#outbox.size })
      this.#begin(frame.session)
    }
    if (frame.session === this.#session) {
      this.#outbox.acknowledge(frame.acknowledged, now)
      for (const message of this.#inOrder(frame)) {
        if (message.length > 0) effects.push({ type: 'deliver', message })
      }
    }
    // Also for what came before: word of that may be lost. To an old session nothing has to be said, as
    // the first message of this one goes there until it is acknowledged.
    if (frame.messages.length > 0) this.#isOwing = true
    if (this.#isOwing || this.#outbox.isReady) this.#flushSoon(now)
    return effects
  }

  #inOrder({ first, messages }: LinkFrame): readonly Uint8Array[] {
    const known = this.#received + 1 - first
    if (known < 0 || known >= messages.length) return [] // Some are missing before it, or none is new.
    this.#received = first + messages.length - 1
    return messages.slice(known)
  }

  #laneOpened(now: number): readonly LinkEffect[] {
    if (!this.#outbox.isProbing) return []
    this.#outbox.rewind()
    this.#outbox.hope()
    this.#flushSoon(now)
    return []
  }

  #due(now: number): readonly LinkEffect[] {
    const { resendAt } = this.#outbox
    if (resendAt !== undefined && resendAt <= now) {
      this.#outbox.rewind()
      this.#outbox.backOff()
      this.#flushSoon(now)
    }
    return this.#flushAt !== undefined && this.#flushAt <= now ? this.#flush(now) : []
  }

  /** What is said in one turn goes together. */
  #flushSoon(now: number): void {
    this.#flushAt ??= now
  }

  #flush(now: number): readonly LinkEffect[] {
    this.#flushAt = undefined
    const batches = this.#outbox.take(now)
    const owed = this.#isOwing && batches.length === 0 ? [{ first: 0, messages: [] }] : []
    this.#isOwing = false
    return [...batches, ...owed].map((batch) => ({
      type: 'send-frame',
      frame: { session: this.#session, acknowledged: this.#received, ...batch },
    }))
  }
}
