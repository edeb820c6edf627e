// Which entities have been idle for long, without a timer for each: they sit in the slots of a wheel, by when they
// could be idle at the earliest. A message only notes the time; an entity moves on when its slot comes up and it
// turns out to have been busy meanwhile.
//
// See Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP 1987, scheme 6.

/** One that may become idle. Links to its neighbours in a slot, so that leaving costs the same with a million. */
export class IdleItem {
  /** When it was last used, in ticks of the wheel. */
  usedAt = 0
  slot = -1
  before: IdleItem | undefined
  after: IdleItem | undefined
}

/** So many slots for the time until idle: entities are found up to one in so many too late. */
const slotsPerTimeout = 16

export class IdleWheel<T extends IdleItem> {
  /** How long one tick is, in milliseconds. */
  readonly tickMs: number
  readonly #slots: (IdleItem | undefined)[]
  #tick = 0
  #size = 0

  /** @param timeoutMs - without use for so long is idle */
  constructor(timeoutMs: number) {
    this.tickMs = Math.max(1, timeoutMs / slotsPerTimeout)
    this.#slots = Array.from({ length: slotsPerTimeout + 2 }, () => undefined)
  }

  get size(): number {
    return this.#size
  }

  /** What `usedAt` is to be when an item is used now. */
  get tick(): number {
    return this.#tick
  }

  /** From now on it is looked at. It must not be in a wheel. */
  add(item: T): void {
    item.usedAt = this.#tick
    this.#size++
    this.#place(item)
  }

  remove(item: T): void {
    if (item.slot < 0) return
    this.#unlink(item)
    this.#size--
  }

  /** A tick has passed. @returns those that were not used for long, which are out of the wheel now */
  turn(): readonly T[] {
    this.#tick++
    const idle: T[] = []
    const slot = this.#tick % this.#slots.length
    let item = this.#slots[slot]
    while (item !== undefined) {
      const next = item.after
      this.#unlink(item)
      if (this.#tick - item.usedAt > slotsPerTimeout) {
        this.#size--
        idle.push(item as T) // Only those were ever added.
      } else this.#place(item)
      item = next
    }
    return idle
  }

  #place(item: IdleItem): void {
    // One tick more than the timeout: the first one may be all but over.
    const slot = (item.usedAt + slotsPerTimeout + 1) % this.#slots.length
    const first = this.#slots[slot]
    item.slot = slot
    item.before = undefined
    item.after = first
    if (first) first.before = item
    this.#slots[slot] = item
  }

  #unlink(item: IdleItem): void {
    if (item.before) item.before.after = item.after
    else this.#slots[item.slot] = item.after
    if (item.after) item.after.before = item.before
    item.slot = -1
    item.before = undefined
    item.after = undefined
  }
}
