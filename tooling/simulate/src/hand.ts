// One thread that carries out one task after the other, and is replaced when it breaks.
import { Worker } from 'node:worker_threads'
import type { RunResult } from '@casty/simulation'
import type { SeededBug } from './bugs/bug.ts'
import { scenarioNamed } from './scenarios.ts'
import type { Answer, Outcome, Task, ThreadData } from './task.ts'
import { Watchdog } from './watchdog.ts'

/** A plan, or a bug, that does not fit the code as it is: the message says which. */
export class Refusal extends Error {}

export class Hand implements AsyncDisposable {
  readonly #bug: SeededBug | undefined
  #worker: Worker | undefined

  /** @param bug - the seeded bug that everything it runs has */
  constructor(bug?: SeededBug) {
    this.#bug = bug
  }

  /**
   * A run that breaks the thread, or does not end, is violated.
   *
   * Rejects with a `Refusal`.
   */
  async carryOut(task: Task, progress?: (text: string) => void): Promise<Outcome> {
    const startedAt = performance.now()
    const worker = (this.#worker ??= start(this.#bug))
    try {
      return await answerOf(worker, task, progress)
    } catch (error) {
      if (!(error instanceof Breakdown)) throw error
      this.#worker = undefined
      await worker.terminate()
      const result = brokenRun(task, error.checker, error.message)
      return {
        result,
        wallMs: performance.now() - startedAt,
        shrunk: undefined,
        diagram: undefined,
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate()
    this.#worker = undefined
  }
}

/** A thread that is of no use any more, and the promise that this breaks. */
class Breakdown extends Error {
  readonly checker: string

  constructor(checker: string, message: string) {
    super(message)
    this.checker = checker
  }
}

/** Rejects with a `Refusal` or a `Breakdown`. */
async function answerOf(
  worker: Worker,
  task: Task,
  progress: ((text: string) => void) | undefined,
): Promise<Outcome> {
  let watchdog: Watchdog | undefined
  try {
    return await new Promise((resolve, reject) => {
      const giveUp = (checker: string, text: string): void => reject(new Breakdown(checker, text))
      watchdog = new Watchdog(worker, (text) => giveUp('every run ends', text))
      worker.on('message', (answer: Answer) => {
        watchdog?.refresh()
        if (answer.type === 'progress') progress?.(answer.text)
        else if (answer.type === 'done') resolve(answer.outcome)
        else reject(new Refusal(answer.message))
      })
      worker.on('error', (error) => giveUp('nothing throws', textOf(error)))
      worker.on('exit', (code) => giveUp('nothing throws', `the thread exited with ${code}`))
      worker.postMessage(task)
    })
  } finally {
    watchdog?.[Symbol.dispose]()
    for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event)
  }
}

function start(bug: SeededBug | undefined): Worker {
  const workerData: ThreadData = { bug }
  return new Worker(new URL('worker.ts', import.meta.url), { workerData })
}

function brokenRun({ scenario, subject }: Task, checker: string, text: string): RunResult {
  const plan = 'plan' in subject ? subject.plan : scenarioNamed(scenario).planOf(subject.seed)
  return {
    plan,
    verdict: 'violated',
    violations: [{ checker, at: 0, text }],
    unknown: [],
    traceHash: '',
    events: 0,
    virtualMs: 0,
    reached: new Map(),
    performed: new Map(),
    diskFaults: {},
    healing: [],
    lastEvents: new Map(),
    trace: undefined,
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** Threads that take one item after the other; each begins with its first, and has warmed up for the next. */
export class Hands implements AsyncDisposable {
  readonly #hands: readonly Hand[]

  /** @param count - how many at most work at a time */
  constructor(count: number) {
    this.#hands = Array.from({ length: count }, () => new Hand())
  }

  /** Has each item worked on. */
  async each<T>(items: Iterable<T>, work: (item: T, hand: Hand) => Promise<void>): Promise<void> {
    const waiting = items[Symbol.iterator]()
    const lane = async (hand: Hand): Promise<void> => {
      for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
        await work(next.value, hand)
      }
    }
    await Promise.all(this.#hands.map(lane))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#hands.map((hand) => hand[Symbol.asyncDispose]()))
  }
}
