// What is measured: each workload is a round that is run again and again. It does the same with every subject, and
// checks that all of its messages were handled.
import assert from 'node:assert/strict'
import type { Bounded, Message, Overflow, Subject } from './subject.ts'
import { Tally } from './tally.ts'

export type WorkloadName =
  | 'tell'
  | 'ping-pong'
  | 'ask, one at a time'
  | 'ask, 100 at a time'
  | 'spawn, tell, stop'
  | 'fan-in'

/** Does something, some times. @returns how many */
export type Round = () => Promise<number>

interface Workload {
  /** What is counted. */
  readonly unit: string
  readonly roundOf: <B, R>(subject: Subject<B, R>) => Round
}

export const workloads: Readonly<Record<WorkloadName, Workload>> = {
  tell: { unit: 'messages/s', roundOf: tells },
  'ping-pong': { unit: 'messages/s', roundOf: pingPong },
  'ask, one at a time': { unit: 'answers/s', roundOf: asks },
  'ask, 100 at a time': { unit: 'answers/s', roundOf: asksAtOnce },
  'spawn, tell, stop': { unit: 'actors/s', roundOf: spawns },
  'fan-in': { unit: 'messages/s', roundOf: fanIn },
}

// The keys of a record by name are the names.
export const workloadNames = Object.keys(workloads) as readonly WorkloadName[]

function messageOf(value: number): Message {
  return { type: 'message', value }
}

/** The sum of the numbers below `end`. */
function sumBelow(end: number): number {
  return ((end - 1) * end) / 2
}

function tells<B, R>(subject: Subject<B, R>): Round {
  const count = 1_000
  const tally = new Tally()
  const ref = subject.spawn(subject.define(tally.count))
  return async () => {
    await tally.of(count, sumBelow(count), () => {
      for (let value = 0; value < count; value++) subject.tell(ref, messageOf(value))
    })
    return count
  }
}

function pingPong<B, R>(subject: Subject<B, R>): Round {
  const count = 5_000
  const tally = new Tally()
  const player = (other: () => R): B =>
    subject.define((message) => {
      if (message.value > 0) subject.tell(other(), messageOf(message.value - 1))
      tally.count(message)
    })
  const left: R = subject.spawn(player(() => right))
  const right: R = subject.spawn(player(() => left))
  return async () => {
    await tally.of(count, sumBelow(count), () => subject.tell(left, messageOf(count - 1)))
    return count
  }
}

function asks<B, R>(subject: Subject<B, R>): Round {
  const count = 500
  const ref = subject.spawnAnswering()
  return async () => {
    for (let value = 0; value < count; value++) {
      check(await subject.ask(ref, value), value + 1)
    }
    return count
  }
}

function asksAtOnce<B, R>(subject: Subject<B, R>): Round {
  const count = 100
  const ref = subject.spawnAnswering()
  return async () => {
    const asked: Promise<number>[] = []
    for (let value = 0; value < count; value++) asked.push(subject.ask(ref, value))
    const answers = await Promise.all(asked)
    for (let value = 0; value < count; value++) check(answers[value], value + 1)
    return count
  }
}

function check(answer: number | undefined, expected: number): void {
  assert(answer === expected, 'the answer is that of the question')
}

function spawns<B, R>(subject: Subject<B, R>): Round {
  const count = 500
  const tally = new Tally()
  const behavior = subject.define(tally.count)
  let stopped: R | undefined
  return async () => {
    // One that has stopped handles nothing any more.
    if (stopped !== undefined) subject.tell(stopped, messageOf(1))
    const refs: R[] = []
    await tally.of(count, sumBelow(count), () => {
      for (let value = 0; value < count; value++) {
        const ref = subject.spawn(behavior)
        refs.push(ref)
        subject.tell(ref, messageOf(value))
      }
    })
    await subject.stop(refs)
    stopped = refs[0]
    return count
  }
}

/** A thousand senders, with eight messages each for one receiver. Counted are all messages, those that set them off as well. */
function fanIn<B, R>(subject: Subject<B, R>): Round {
  const each = 8
  const tally = new Tally()
  const receiver = subject.spawn(subject.define(tally.count))
  const sending = subject.define(({ value }) => {
    for (let sent = 0; sent < each; sent++) subject.tell(receiver, messageOf(value))
  })
  const senders = Array.from({ length: 1_000 }, () => subject.spawn(sending))
  return async () => {
    const count = senders.length * each
    await tally.of(count, sumBelow(senders.length) * each, () => {
      for (const [value, sender] of senders.entries()) subject.tell(sender, messageOf(value))
    })
    return count + senders.length
  }
}

/** Twice as many messages at once as there is room for. */
export function overflows<B, R>(subject: Subject<B, R> & Bounded<B, R>, overflow: Overflow): Round {
  const capacity = 1_000
  const tally = new Tally()
  const ref = subject.spawnBounded(subject.define(tally.count), capacity, overflow)
  const kept = sumBelow(capacity)
  const late = kept + capacity * capacity
  return async () => {
    const droppedBefore = subject.dropped()
    await tally.of(capacity, overflow === 'drop-new' ? kept : late, () => {
      for (let value = 0; value < 2 * capacity; value++) subject.tell(ref, messageOf(value))
    })
    assert(subject.dropped() - droppedBefore === capacity, 'the others were dropped, and counted')
    return 2 * capacity
  }
}
