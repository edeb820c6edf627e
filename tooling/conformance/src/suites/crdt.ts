import { Replica, nextTimestamp } from '@casty/crdt'
import { changesOf, programType, type CrdtValue } from '../crdt-values.ts'
import {
  isAbsent,
  numberOf,
  objectsOf,
  oneOf,
  textOf,
  textsOf,
  type Json,
  type JsonObject,
} from '../json.ts'
import { casesBySection } from '../sections.ts'
import { answer, fact, type Fact, type Suite } from '../vector-case.ts'
import { mergeState, subtractDots } from '../crdt-internals.ts'

export const crdt: Suite = (file) =>
  casesBySection('crdt', file, {
    programs: runProgram,
    orsetInternals: (data) =>
      oneOf(data['kind'], ['subtractDots', 'mergeState'], 'kind') === 'subtractDots'
        ? subtractDots(data)
        : mergeState(data),
    lwwClocks: nextClock,
  })

function nextClock(data: JsonObject): readonly Fact[] {
  const clock = oneOf(data['clock'], ['default', 'reverse'], 'clock')
  const [now, current] = [numberOf(data['now'], 'now'), numberOf(data['current'], 'current')]
  return answer(data['expect'], nextTimestamp(clock === 'default' ? 'last' : 'first', now, current))
}

/** Steps on immutable values, which have names. */
function runProgram(data: JsonObject): readonly Fact[] {
  const steps = objectsOf(data['steps'], 'steps')
  const create = programType(textOf(data['type'], 'type'), steps)
  const program = new Program(create, data['requires'] === 'node-wide-dot-counter')
  return steps.flatMap((step, index) =>
    'expect' in step ? program.expect(step, `step ${index + 1}`) : program.change(step),
  )
}

class Program {
  readonly #create: (type: string) => CrdtValue
  readonly #isNodeWide: boolean
  readonly #values = new Map<string, CrdtValue>()
  readonly #replicas = new Map<string, Replica>()

  /** @param isNodeWide - a node counts its changes of all values together; else those of each one */
  constructor(create: (type: string) => CrdtValue, isNodeWide: boolean) {
    this.#create = create
    this.#isNodeWide = isNodeWide
  }

  change(step: JsonObject): readonly [] {
    const { let: name, new: type } = step
    const value = isAbsent(type) ? this.#changed(step) : this.#create(textOf(type, 'new'))
    if (!isAbsent(name)) this.#values.set(textOf(name, 'let'), value)
    return []
  }

  #changed(step: JsonObject): CrdtValue {
    const value = this.#value(step['on'], 'on')
    const context = {
      replica: (node: Json | undefined): Replica => this.#replica(node, step),
      value: (reference: Json | undefined): CrdtValue => this.#value(reference, 'a value'),
    }
    return changesOf(value, step, context)
  }

  /** Operations that name no node are each by one of their own: whoever makes them, they never clash. */
  #replica(node: Json | undefined, step: JsonObject): Replica {
    const name = isAbsent(node)
      ? `made-${textOf(step['let'] ?? 'alone', 'let')}`
      : textOf(node, 'node')
    const replica = (this.#isNodeWide && this.#replicas.get(name)) || new Replica(name)
    this.#replicas.set(name, replica)
    return replica
  }

  #value(name: Json | undefined, what: string): CrdtValue {
    const value = this.#values.get(textOf(name, what))
    if (value) return value
    throw new Error(`${what} names ${JSON.stringify(name)}, which no step made`)
  }

  expect(step: JsonObject, place: string): readonly Fact[] {
    const kind = textOf(step['expect'], 'expect')
    const of = (): CrdtValue => this.#value(step['of'], 'of')
    const is = (actual: Json): readonly Fact[] => [
      fact(`${place}: ${kind}`, step['equals'] ?? null, actual),
    ]
    switch (kind) {
      case 'value':
        return isAbsent(step['equalsBigInt'])
          ? is(of().value())
          : [fact(`${place}: exact value`, step['equalsBigInt'], of().exactValue())]
      case 'entry':
        return is(of().entry(textOf(step['key'], 'key')))
      case 'contains':
        return is(of().contains(textOf(step['key'], 'key')))
      case 'state':
        return is(of().state())
      case 'modifiedByNodes':
      case 'vectorNodes':
        return is([...of().nodes()])
      case 'equal': {
        const [left, right] = [this.#value(step['a'], 'a'), this.#value(step['b'], 'b')]
        return [fact(`${place}: equal`, true, left.equals(right))]
      }
      case 'every-merge-order':
        return permutations(textsOf(step['of'], 'of')).map((order) => {
          const [first, ...rest] = order.map((name) => this.#value(name, 'of'))
          const merged = rest.reduce((all, next) => all?.merge(next), first)
          return fact(
            `${place}: merged ${order.join(', ')}`,
            step['equals'] ?? null,
            merged?.value() ?? null,
          )
        })
      case 'error':
        return [fact(`${place}: error`, true, this.#fails(step))]
      default:
        throw new Error(`${place} expects ${JSON.stringify(kind)}, which is unknown`)
    }
  }

  #fails({ valueVar, ...step }: JsonObject): boolean {
    try {
      this.#changed(isAbsent(valueVar) ? step : { ...step, value: { var: valueVar } })
      return false
    } catch (error) {
      if (error instanceof Error && error.name === 'CrdtError') return true
      throw error
    }
  }
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items]
  return items.flatMap((first, place) =>
    permutations(items.toSpliced(place, 1)).map((rest) => [first, ...rest]),
  )
}
