// What must be in the journal of one id, as far as anybody was ever told: the yardstick of the checkers.
import type { JournalHead } from '@casty/persistence'
import type { Applied, Writer } from './entity.ts'
import { parseName, type EventName } from './event-name.ts'

/** A checker that cries, and why. */
export interface Finding {
  readonly checker: JournalChecker
  readonly text: string
}

export const journalCheckers = [
  'what is acknowledged stays',
  'nothing is doubled or made up',
  'recovery sees no hole',
  'numbers and epochs grow',
  'a fenced writer writes no more',
  'damage is told, and nothing else',
  'one process has a directory',
] as const
export type JournalChecker = (typeof journalCheckers)[number]

/** From an event on, only writers of this epoch and above write. */
interface Fence {
  readonly epoch: number
  readonly from: number
}

type Outcome = 'open' | 'unknown' | 'refused'

export class IdModel {
  /** All events that anybody was told of, in order: they must be there for ever. */
  #known: Applied = []
  readonly #names: EventName[] = []
  readonly #seen = new Set<string>()
  readonly #commands = new Map<string, { readonly of: number; outcome: Outcome }>()
  readonly #fences: Fence[] = []
  #head: JournalHead = { sequenceNr: 0, epoch: 0, deletedTo: 0 }

  get known(): Applied {
    return this.#known
  }

  /** The highest that a writer has recovered under. */
  get epoch(): number {
    return this.#fences.at(-1)?.epoch ?? 0
  }

  sent(uid: string, of: number): void {
    this.#commands.set(uid, { of, outcome: 'open' })
  }

  /** Its sender was told that nothing was written. */
  refused(uid: string): Finding | undefined {
    const command = this.#commands.get(uid)
    if (command) command.outcome = 'refused'
    if (!this.#names.some((name) => name.uid === uid)) return undefined
    return madeUp(`${uid} was refused, though its events are there`)
  }

  wasSeen(uid: string): boolean {
    return this.#names.some((name) => name.uid === uid)
  }

  /** Its sender was told nothing. */
  unanswered(uid: string): void {
    const command = this.#commands.get(uid)
    if (command) command.outcome = 'unknown'
  }

  /** What has become of commands of which nobody knew: for each, once. */
  *outcomes(): Iterable<
    'what was not acknowledged is there after all' | 'what was not acknowledged is gone'
  > {
    for (const [uid, command] of this.#commands) {
      if (command.outcome !== 'unknown') continue
      command.outcome = 'open'
      yield this.wasSeen(uid)
        ? 'what was not acknowledged is there after all'
        : 'what was not acknowledged is gone'
    }
  }

  /**
   * How many events a writer must know of: those of its own, and all of lower epochs.
   *
   * @param before - of those that were known first
   */
  mustKnow({ epoch, name }: Writer, before: number = this.#names.length): number {
    const isForced = (one: EventName): boolean => one.epoch < epoch || one.writer === name
    return this.#names.slice(0, before).findLastIndex(isForced) + 1
  }

  /** A writer has read what there is. */
  recovered(applied: Applied, writer: Writer): Finding | undefined {
    const finding = this.told(applied, writer, this.mustKnow({ ...writer, name: '' }))
    if (finding) return finding
    if (writer.epoch < this.epoch) {
      return {
        checker: 'numbers and epochs grow',
        text: `${writer.name} became the writer after one of epoch ${this.epoch}`,
      }
    }
    this.#fences.push({ epoch: writer.epoch, from: applied.length })
    return undefined
  }

  /**
   * Somebody was told a state: what is in it is durable.
   *
   * @param atLeast - events that must be in it
   */
  told(applied: Applied, { name, epoch }: Writer, atLeast: number): Finding | undefined {
    const differs = this.#known.findIndex(
      (event, index) => index < applied.length && applied[index] !== event,
    )
    if (differs >= 0) {
      return lost(
        `event ${differs + 1} was ${this.#known[differs]}, and ${name} has ${applied[differs]}`,
      )
    }
    if (applied.length < atLeast) {
      return lost(
        `${name} (epoch ${epoch}) knows ${applied.length} events of ${atLeast}; ` +
          `the next was ${this.#known[applied.length]}`,
      )
    }
    return this.#learn(applied)
  }

  /** What `highest` says. */
  head(head: JournalHead): Finding | undefined {
    const before = this.#head
    this.#head = head
    const grows =
      head.sequenceNr >= before.sequenceNr &&
      head.epoch >= before.epoch &&
      head.deletedTo >= before.deletedTo &&
      head.deletedTo <= head.sequenceNr
    if (grows && head.epoch >= this.epoch && head.sequenceNr >= this.#known.length) return undefined
    const text = `${JSON.stringify(before)} became ${JSON.stringify(head)}, of ${this.#known.length} known events`
    return { checker: 'numbers and epochs grow', text }
  }

  #learn(applied: Applied): Finding | undefined {
    for (const text of applied.slice(this.#known.length)) {
      const name = parseName(text)
      const finding = name ? this.#findingOf(name, text) : madeUp(`${text} was never written`)
      if (finding) return finding
      if (!name) continue
      this.#names.push(name)
      this.#seen.add(text)
    }
    if (applied.length > this.#known.length) this.#known = applied
    const last = this.#names.at(-1)
    if (last && last.part !== last.of - 1) return lost(`of ${last.uid} only a part is there`)
    return undefined
  }

  #findingOf(name: EventName, text: string): Finding | undefined {
    const { uid, part, of, epoch } = name
    const command = this.#commands.get(uid)
    if (command?.of !== of) return madeUp(`${text} was never written`)
    if (command.outcome === 'refused') return madeUp(`${text} is there, though it was refused`)
    if (this.#seen.has(text)) return madeUp(`${text} is there twice`)
    const before = this.#names.at(-1)
    const isNext = part === 0 || (before?.uid === uid && before.part === part - 1)
    if (!isNext) return madeUp(`${text} does not follow what belongs before it`)
    const fence = this.#fences.findLast(({ from }) => from <= this.#names.length)
    if (fence && epoch < fence.epoch) {
      return {
        checker: 'a fenced writer writes no more',
        text: `${text} was written after one of epoch ${fence.epoch} had recovered`,
      }
    }
    return undefined
  }
}

function lost(text: string): Finding {
  return { checker: 'what is acknowledged stays', text }
}

function madeUp(text: string): Finding {
  return { checker: 'nothing is doubled or made up', text }
}
