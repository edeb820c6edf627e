// Counters and entries of maps, as objects on their own: what each call answers follows from the one value that there is.
import { HistoryRecorder, type OpenOperation } from '../linearizability/history-recorder.ts'
import { checkLinearizable } from '../linearizability/check-linearizable.ts'
import { answers, illegal, type Model } from '../linearizability/model.ts'

export type CellInput =
  /** Answers the value. */
  | { readonly type: 'get' }
  /** Answers the value as that of a counter, which is 0 at first. */
  | { readonly type: 'read' }
  /** Answers the new value. */
  | { readonly type: 'add'; readonly by: number }
  /** Of a counter: answers the value before. */
  | { readonly type: 'get-and-add'; readonly by: number }
  | { readonly type: 'get-and-set'; readonly value: number }
  /** Answers the value that there is, which stays. */
  | { readonly type: 'put-if-absent'; readonly value: number }
  /** Answers the value before. */
  | { readonly type: 'put'; readonly value: number }
  /** Answers nothing. */
  | { readonly type: 'set'; readonly value: number }
  /** Answers whether it was the expected one. */
  | { readonly type: 'compare-and-set'; readonly expected: number; readonly value: number }
  /** Answers whether there was one. */
  | { readonly type: 'delete' }
  /** Answers whether it was the expected one, which is gone then. */
  | { readonly type: 'delete-if'; readonly expected: number }
  /** Answers the value before, which is gone then. */
  | { readonly type: 'take' }
  /** Answers nothing. */
  | { readonly type: 'discard' }
  /** Of a set: answers whether it was not in it. */
  | { readonly type: 'include' }
  /** Answers whether it is in it. */
  | { readonly type: 'contains' }

export type CellOutput = number | boolean | null
type Value = number | null

const cellModel: Model<Value, CellInput, CellOutput> = {
  name: 'cell',
  initial: null,
  step(value, input, output) {
    switch (input.type) {
      case 'get':
        return answers(output, value) ? value : illegal
      case 'read':
        return answers(output, value ?? 0) ? value : illegal
      case 'add':
        return answers(output, (value ?? 0) + input.by) ? (value ?? 0) + input.by : illegal
      case 'get-and-add':
        return answers(output, value ?? 0) ? (value ?? 0) + input.by : illegal
      case 'get-and-set':
        return answers(output, value ?? 0) ? input.value : illegal
      case 'put-if-absent':
        return answers(output, value) ? (value ?? input.value) : illegal
      case 'put':
        return answers(output, value) ? input.value : illegal
      case 'set':
        return input.value
      case 'compare-and-set': {
        const isExpected = (value ?? 0) === input.expected
        if (!answers(output, isExpected)) return illegal
        return isExpected ? input.value : value
      }
      case 'delete':
        return answers(output, value !== null) ? null : illegal
      case 'delete-if': {
        const isExpected = value === input.expected
        if (!answers(output, isExpected)) return illegal
        return isExpected ? null : value
      }
      case 'take':
        return answers(output, value) ? null : illegal
      case 'discard':
        return null
      case 'include':
        return answers(output, value === null) ? 1 : illegal
      case 'contains':
        return answers(output, value !== null) ? value : illegal
    }
  },
  stateKey: String,
  describe: (input, output) => `${JSON.stringify(input)} → ${String(output)}`,
}

/** Histories are kept so short that they can be judged. */
const mostCalls = 50
const mostUnknown = 7

interface Life {
  number: number
  calls: number
  open: number
}

/** What was asked of cells, each under a name that is given up for another before its history becomes too long. */
export class Cells {
  readonly #recorder: HistoryRecorder<CellInput, CellOutput>
  readonly #lives = new Map<string, Life>()
  #calls = 0

  constructor(now: () => number) {
    this.#recorder = new HistoryRecorder({ now })
  }

  /** Under which name a cell is used now. */
  nameOf(base: string): string {
    const life = this.#lives.get(base) ?? { number: 1, calls: 0, open: 0 }
    this.#lives.set(base, life)
    if (life.calls >= mostCalls || life.open >= mostUnknown) {
      life.number += 1
      life.calls = 0
      life.open = 0
    }
    return `${base}.${life.number}`
  }

  invoke(base: string, name: string, input: CellInput): OpenOperation<CellOutput> {
    const life = this.#lives.get(base)
    const open = this.#recorder.invoke(`call ${++this.#calls}`, name, input)
    if (!life || `${base}.${life.number}` !== name) return open
    life.calls += 1
    life.open += 1
    return {
      ok: (output) => {
        open.ok(output)
        life.open -= 1
      },
      failed: () => {
        open.failed()
        life.open -= 1
      },
      unknown: () => open.unknown(),
    }
  }

  history(): readonly unknown[] {
    return this.#recorder.history()
  }

  /** @returns what is wrong, or cannot be told */
  judge(): { readonly wrong: string | undefined; readonly undecided: string | undefined } {
    const verdict = checkLinearizable(this.#recorder.history(), cellModel, {
      moments: 'ms',
      maxSteps: 5_000_000,
    })
    const { type } = verdict
    return {
      wrong: type === 'not-linearizable' ? verdict.explanation : undefined,
      undecided: type === 'unknown' ? verdict.explanation : undefined,
    }
  }
}
