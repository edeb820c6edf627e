// What an actor is at the very least: a callback in a `Map`, called from a queue that one microtask empties. It
// has no types, paths, failures, turns, bounds (but where they are measured), stops that are told of, or deadlines.
import type { Bounded, Message, Overflow, Subject } from './subject.ts'

type Callback = (message: Message) => void
interface Question extends Message {
  readonly replyTo: (answer: number) => void
}

const callbacks = new Map<number, Callback>()
let queue: (number | Message)[] = []
let spawned = 0
let isArmed = false
let dropped = 0

function send(id: number, message: Message): void {
  queue.push(id, message)
  if (isArmed) return
  isArmed = true
  queueMicrotask(handleAll)
}

function handleAll(): void {
  // It grows while it is read.
  for (let next = 0; next < queue.length; next += 2) {
    // Pairs of an id and its message.
    callbacks.get(queue[next] as number)?.(queue[next + 1] as Message)
  }
  queue = []
  isArmed = false
}

/** Mailboxes of their own, for those that are bounded. */
const bounded = new Map<number, (message: Message) => void>()

function box(callback: Callback, capacity: number, overflow: Overflow): (message: Message) => void {
  let waiting: (Message | undefined)[] = []
  let head = 0
  const handleWaiting = (): void => {
    for (; head < waiting.length; head++) {
      const message = waiting[head]
      if (message) callback(message)
    }
    waiting = []
    head = 0
  }
  return (message) => {
    if (waiting.length === 0) queueMicrotask(handleWaiting)
    if (waiting.length - head < capacity) waiting.push(message)
    else {
      dropped++
      if (overflow === 'drop-new') return
      waiting[head++] = undefined
      waiting.push(message)
    }
  }
}

export const limit: Subject<Callback, number> & Bounded<Callback, number> = {
  define: (onMessage) => onMessage,
  spawn(behavior) {
    callbacks.set(++spawned, behavior)
    return spawned
  },
  tell: send,
  spawnAnswering() {
    // Only asked, and `ask` sends questions.
    callbacks.set(++spawned, (message) => (message as Question).replyTo(message.value + 1))
    return spawned
  },
  ask: (ref, value) =>
    new Promise((resolve) => {
      const question: Question = { type: 'message', value, replyTo: resolve }
      send(ref, question)
    }),
  async stop(refs) {
    for (const ref of refs) callbacks.delete(ref)
  },
  spawnBounded(behavior, capacity, overflow) {
    bounded.set(++spawned, box(behavior, capacity, overflow))
    return spawned
  },
  dropped: () => dropped,
}

/** The same, where mailboxes have a bound. */
export const boundedLimit: typeof limit = {
  ...limit,
  tell: (ref, message) => bounded.get(ref)?.(message),
}
