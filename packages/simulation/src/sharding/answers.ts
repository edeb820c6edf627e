// What clients were answered by counters in the journal, and whether that could have come from one counter.
import { outOfOrder, type CounterPlace } from './counter-order.ts'
import type { Added } from './entities.ts'
import type { Finding } from './record.ts'
import { LostWrites, type Confirmed, type MayLose } from './lost-writes.ts'

const unanswered = { answer: undefined, isRefused: false, isDoubtful: false } as const

interface Call {
  readonly uid: string
  readonly type: 'add' | 'get'
  readonly key: string
  readonly invokedAt: number
  answer: { readonly total: number; readonly at: number } | undefined
  isRefused: boolean
  /** Answered by somebody who is not the last to have claimed the journal: a read may be of the past. */
  isDoubtful: boolean
}

export class Answers {
  readonly #calls = new Map<string, Call>()

  asked(uid: string, type: Call['type'], key: string, invokedAt: number): void {
    this.#calls.set(uid, { uid, type, key, invokedAt, ...unanswered })
  }

  answered(uid: string, total: number, at: number): void {
    const call = this.#calls.get(uid)
    if (call) call.answer = { total, at }
  }

  /** What is answered to it may be of the past, where it is a read. */
  doubt(uid: string): void {
    const call = this.#calls.get(uid)
    if (call) call.isDoubtful = true
  }

  /** Nothing was written for it. */
  refused(uid: string): void {
    const call = this.#calls.get(uid)
    if (call) call.isRefused = true
  }

  /**
   * Holds what was answered against the events that there are in the end.
   *
   * @param mayLose - when so many nodes were lost that copies on them may be gone
   * @param excused - told where any were
   */
  check(
    key: string,
    events: readonly Added[],
    mayLose: MayLose = () => false,
    excused: () => void = () => {},
  ): Finding | undefined {
    const numbers = new Map<string, number>()
    for (const [index, { uid }] of events.entries()) {
      if (numbers.has(uid)) {
        const text = `${key}: ${uid} is written twice, as ${numbers.get(uid)} and ${index + 1}`
        return { checker: 'messages are handled once', text }
      }
      numbers.set(uid, index + 1)
    }
    const calls = [...this.#calls.values()].filter((call) => call.key === key)
    const confirmed = new Map(calls.flatMap(confirmedBy).map((write) => [write.uid, write]))
    const lost = new LostWrites([...confirmed.values()], ({ uid }) => numbers.has(uid), mayLose)
    if (lost.mayLose) excused()
    for (const { uid, answer, isRefused } of calls) {
      const number = numbers.get(uid)
      const write = confirmed.get(uid)
      const isExcused = write && number === undefined && lost.mayBeLost(write)
      if (write && answer && number !== answer.total && !isExcused) {
        const text = `${key}: ${uid} was answered ${answer.total}, and is ${number ?? 'not'} in the journal`
        return { checker: 'what is acknowledged stays', text }
      }
      if (isRefused && number !== undefined) {
        const text = `${key}: ${uid} was refused, and is event ${number}`
        return { checker: 'what is acknowledged stays', text }
      }
    }
    // What was read before copies were lost may have been of them.
    const judged = calls.filter(
      ({ type, invokedAt }) => type === 'add' || invokedAt >= lost.keptFrom,
    )
    return this.#linearizable(key, judged, numbers)
  }

  /** What was not answered has a place in the journal, or never happened. */
  #linearizable(
    key: string,
    calls: readonly Call[],
    numbers: ReadonlyMap<string, number>,
  ): Finding | undefined {
    const asked = new Set(calls.map(({ uid }) => uid))
    const told = [...numbers].filter(([uid]) => !asked.has(uid))
    const places = [
      ...calls.flatMap((call) => placeOf(call, numbers)),
      // Sent by somebody who did not ask: it may have been written at any time.
      ...told.map(([uid, number]) => ({ uid, number, isRead: false, from: 0, to: Infinity })),
    ]
    const wrong = outOfOrder(places)
    if (wrong === undefined) return undefined
    return { checker: 'the counter is linearizable', text: `${key}: ${wrong}` }
  }
}

interface ConfirmedCall extends Confirmed {
  readonly uid: string
}

/** An addition that was answered with how many there are. */
function confirmedBy({ uid, type, invokedAt, answer }: Call): readonly ConfirmedCall[] {
  return type === 'add' && answer ? [{ uid, askedAt: invokedAt, answeredAt: answer.at }] : []
}

function placeOf(
  { uid, type, invokedAt, answer, isDoubtful }: Call,
  numbers: ReadonlyMap<string, number>,
): readonly CounterPlace[] {
  if (type === 'add') {
    const number = numbers.get(uid)
    if (number === undefined) return []
    return [{ uid, number, isRead: false, from: invokedAt, to: answer?.at ?? Infinity }]
  }
  if (!answer || isDoubtful) return []
  return [{ uid, number: answer.total, isRead: true, from: invokedAt, to: answer.at }]
}
