// Carries out one case: opens what it opens, takes its steps one by one, and notes what each was to come to and did.
import type { Lease } from '@casty/ddata'
import {
  isList,
  isObject,
  listOf,
  objectOf,
  objectsOf,
  textOf,
  type Json,
  type JsonObject,
} from '../json.ts'
import { fact, type Fact } from '../vector-case.ts'
import { carryOut } from './faults.ts'
import {
  argumentsOf,
  codeOf,
  collected,
  FencedResource,
  open,
  renamed,
  type Callable,
} from './handles.ts'
import { StructuresWorld } from './structures-world.ts'
import { meant, shown, unordered, type Bound } from './values.ts'

/** How a call ended. */
export type Outcome =
  | { readonly type: 'returned'; readonly value: unknown; readonly at: number }
  | { readonly type: 'failed'; readonly error: unknown; readonly at: number }

export interface Started {
  readonly abort: AbortController
  readonly promise: Promise<void>
  outcome: Outcome | undefined
  /** What a watcher has seen so far. */
  readonly events: unknown[]
  readonly isWatch: boolean
}

/** A structure in the hands of a process. */
export interface Handle {
  readonly process: string
  readonly kind: string
  readonly callable: Callable
}

/** Hosts: as many as keep a copy of all, at least. */
const minHosts = 3
/** For so long an outcome is waited for, in milliseconds of virtual time. */
const patienceMs = 45_000

export class CaseRun {
  readonly world: StructuresWorld
  readonly handles = new Map<string, Handle>()
  readonly started = new Map<string, Started>()
  readonly bound: Bound
  readonly leases = new Map<
    string,
    { readonly lease: Lease; readonly grantedAt: number; lostAt?: number }
  >()
  readonly facts: Fact[] = []
  /** Calls in the background, and what came of them. */
  readonly background: {
    readonly key: string
    readonly value: unknown
    outcome: Outcome | undefined
  }[] = []

  private constructor(world: StructuresWorld) {
    this.world = world
    this.bound = {
      values: new Map(),
      variables: new Map(),
      tokenOf: (name) => this.leaseOf(name).lease.token,
    }
  }

  static async facts(data: JsonObject): Promise<readonly Fact[]> {
    const nodes = typeof data['nodes'] === 'number' ? data['nodes'] : 1
    await using world = await StructuresWorld.of(
      Math.max(minHosts, nodes),
      data['journal'] === true,
    )
    const run = new CaseRun(world)
    for (const opened of listOf(data['open'], 'open'))
      await run.open(objectOf(opened, 'open'), 'open')
    for (const [index, step] of objectsOf(data['steps'], 'steps').entries()) {
      await run.#step(step, `step ${index + 1}`)
    }
    return run.facts
  }

  async open(opened: JsonObject, part: string): Promise<void> {
    const name = textOf(opened['h'], 'h')
    const kind = textOf(opened['kind'], 'kind')
    const process = typeof opened['proc'] === 'string' ? opened['proc'] : name
    const expected = isObject(opened['expect']) ? opened['expect']['error'] : undefined
    if (kind === 'fencedResource') {
      this.handles.set(name, {
        process,
        kind,
        callable: new FencedResource() as unknown as Callable,
      })
      return
    }
    if (!this.world.hasProcess(process)) await this.world.startProcess(process)
    const { distributed } = this.world.process(process)
    try {
      const opts = isObject(opened['opts']) ? opened['opts'] : {}
      const options = this.meant(opts) as JsonObject
      const callable = open(distributed, kind, textOf(opened['name'], 'name'), options)
      this.handles.set(name, { process, kind, callable })
      if (expected !== undefined) this.facts.push(fact(part, expected, 'opened'))
    } catch (error) {
      if (expected === undefined) throw error
      this.facts.push(fact(part, expected, codeOf(error)))
    }
  }

  meant(json: Json | undefined): unknown {
    return meant(json, this.bound)
  }

  leaseOf(name: string): { readonly lease: Lease; readonly grantedAt: number; lostAt?: number } {
    const known = this.leases.get(name)
    if (!known) throw new Error(`there is no lease ${name}`)
    return known
  }

  startedAs(name: string): Started {
    const known = this.started.get(name)
    if (!known) throw new Error(`nothing was started as ${name}`)
    return known
  }

  async #step(step: JsonObject, part: string): Promise<void> {
    if (isObject(step['open'])) await this.open(step['open'], part)
    else if (typeof step['fault'] === 'string') await carryOut(this, step)
    else if (typeof step['await'] === 'string') await this.#await(step, step['await'], part)
    else if (isList(step['pending'])) await this.#pending(step['pending'], part)
    else if (typeof step['abort'] === 'string') {
      this.startedAs(step['abort']).abort.abort()
      await this.world.still()
    } else if (isList(step['check'])) await this.#check(step['check'], part)
    else if (typeof step['op'] === 'string') await this.#call(step, step['op'], part)
    else throw new Error(`a step with ${Object.keys(step).join(', ')} is not known`)
  }

  async #call(step: JsonObject, op: string, part: string): Promise<void> {
    const started = this.start(step, op)
    if (typeof step['start'] === 'string') {
      this.started.set(step['start'], started)
      await this.world.still()
      return
    }
    await this.#settled(started)
    this.#compare(objectOf(step['expect'] ?? { any: true }, 'expect'), started, part)
    if (typeof step['bind'] === 'string' && started.outcome?.type === 'returned') {
      this.bound.values.set(step['bind'], started.outcome.value)
    }
  }

  start(step: JsonObject, op: string): Started {
    const name = textOf(step['h'], 'h')
    const handle = this.handles.get(name)
    if (!handle) throw new Error(`there is no handle ${name}`)
    const abort = new AbortController()
    if (isObject(step['opts']) && step['opts']['signal'] === 'aborted') abort.abort()
    const started: Started = {
      abort,
      outcome: undefined,
      events: [],
      isWatch: op === 'watch',
      promise: Promise.resolve().then(async () => {
        try {
          const result = this.#invoke(handle, step, op, abort.signal)
          const value = await (op === 'watch'
            ? watched(result, started.events)
            : collected(await result))
          started.outcome = { type: 'returned', value, at: this.world.clock.now() }
        } catch (error) {
          started.outcome = { type: 'failed', error, at: this.world.clock.now() }
        }
      }),
    }
    return started
  }

  #invoke(handle: Handle, step: JsonObject, op: string, signal: AbortSignal): unknown {
    const on = typeof step['on'] === 'string' ? step['on'] : undefined
    const target =
      on === undefined
        ? handle.callable
        : ((this.leases.get(on)?.lease ?? this.bound.values.get(on)) as unknown as Callable)
    const method = target[op.replace(/^lease\./, '')]
    if (typeof method !== 'function') throw new Error(`${handle.kind} has no ${op}`)
    const args = argumentsOf(step['args'], (json) => this.meant(json))
    const last = args.at(-1)
    // Options that stand among the arguments.
    if (typeof last === 'object' && last !== null && op === 'nack')
      args.push(renamed(args.pop() as Callable))
    const opts = isObject(step['opts']) ? renamed(this.meant(step['opts']) as Callable) : {}
    const abortable = /^(?:acquire|tryAcquire|tryLease|take|arrive|watch)$/.test(op)
      ? { signal }
      : {}
    const { signal: _, ...rest } = opts
    const options = { ...rest, ...abortable }
    if (Object.keys(options).length > 0) {
      while (args.length < requiredArguments(handle.kind, op)) args.push(undefined)
      args.push(options)
    }
    return Reflect.apply(method, target, args)
  }

  async #settled({ promise }: Started): Promise<void> {
    await this.world.settled(promise, patienceMs).catch(() => {})
  }

  async #await(step: JsonObject, name: string, part: string): Promise<void> {
    const started = this.startedAs(name)
    if (started.isWatch) await this.world.settle(3_000)
    else await this.#settled(started)
    this.#compare(objectOf(step['expect'] ?? { any: true }, 'expect'), started, part)
  }

  async #pending(names: readonly Json[], part: string): Promise<void> {
    await this.world.still()
    const settled = names.filter(
      (name) => this.startedAs(textOf(name, 'pending')).outcome !== undefined,
    )
    this.facts.push(fact(`${part}: pending`, [], settled))
  }

  #compare(expect: JsonObject, started: Started, part: string): void {
    const { outcome, events } = started
    const [expected, actual] = this.#pairOf(expect, outcome, events)
    this.facts.push(fact(part, expected, actual))
    for (const check of listOf(expect['checks'] ?? [], 'checks')) {
      if (outcome?.type === 'returned') this.#checkNow(listOf(check, 'check'), part)
    }
  }

  #pairOf(
    expect: JsonObject,
    outcome: Outcome | undefined,
    events: readonly unknown[],
  ): readonly [expected: Json, actual: Json] {
    if (isList(expect['oneOf'])) {
      const pairs = expect['oneOf'].map((one) =>
        this.#pairOf(objectOf(one, 'oneOf'), outcome, events),
      )
      const fitting = pairs.find(
        ([expected, actual]) => JSON.stringify(expected) === JSON.stringify(actual),
      )
      return fitting ?? pairs[0] ?? [null, null]
    }
    if (isList(expect['events'])) {
      const wanted = expect['events'].map((event) => objectOf(event, 'event'))
      return [wanted, events.map((event, index) => picked(event, wanted[index] ?? {}))]
    }
    if (!outcome) return ['settled', 'pending']
    if (expect['any'] === true) return [true, true]
    if (outcome.type === 'failed') return failureOf(expect, outcome.error)
    return this.#resultOf(expect, outcome)
  }

  #resultOf(
    expect: JsonObject,
    { value, at }: Outcome & { readonly type: 'returned' },
  ): readonly [expected: Json, actual: Json] {
    if (typeof expect['lease'] === 'string') return this.#bindLease(expect['lease'], value, at)
    if (isObject(expect['match'])) return [expect['match'], picked(value, expect['match'])]
    if (isList(expect['values'])) return [expect['values'], valuesOf(value)]
    if (isList(expect['returnsUnordered'])) {
      return [unordered(expect['returnsUnordered']), unordered(listOf(shown(value), 'result'))]
    }
    if (isList(expect['contains'])) return scanned(expect['contains'], value)
    if ('returns' in expect) {
      const wanted = expect['returns'] ?? null
      // Items of lists are compared by what is asked of them.
      const actual =
        isList(wanted) && Array.isArray(value) && wanted.length === value.length
          ? wanted.map((item, index) =>
              isObject(item) ? picked(value[index], item) : shown(value[index]),
            )
          : shown(value)
      return [wanted, actual]
    }
    return [expect, { returned: shown(value) }]
  }

  #bindLease(name: string, value: unknown, grantedAt: number): readonly [Json, Json] {
    if (typeof value !== 'object' || value === null || !('token' in value)) {
      return [{ lease: name }, { returned: shown(value) }]
    }
    // Whatever has a token, and comes from a lock or a semaphore, is a lease.
    const held: { readonly lease: Lease; readonly grantedAt: number; lostAt?: number } = {
      lease: value as unknown as Lease,
      grantedAt,
    }
    held.lease.signal.addEventListener('abort', () => (held.lostAt = this.world.clock.now()))
    this.leases.set(name, held)
    return [{ lease: name }, { lease: name }]
  }

  async #check(check: readonly Json[], part: string): Promise<void> {
    await this.world.still()
    const [name, ...args] = check.map(String)
    if (name === 'free') {
      const [lock = ''] = args
      const probe = await this.world.startProcess(`probe-${this.facts.length}`)
      const isFree = await this.world.settled(probe.distributed.lock(lock).tryAcquire(), patienceMs)
      this.facts.push(fact(`${part}: free`, true, isFree))
      return
    }
    this.#checkNow(check, part)
  }

  #checkNow(check: readonly Json[], part: string): void {
    const [name = '', ...args] = check.map(String)
    const [first = '', second = ''] = args
    const add = (expected: Json, actual: Json): void =>
      void this.facts.push(fact(`${part}: ${[name, ...args].join(' ')}`, expected, actual))
    switch (name) {
      case 'tokenLess': {
        const tokens = args.map((lease) => this.leaseOf(lease).lease.token)
        const grow = tokens.every(
          (token, index) => index === 0 || token > (tokens[index - 1] ?? 0n),
        )
        add(true, grow)
        return
      }
      case 'held':
        add({ aborted: false, isLeft: true }, heldOf(this.leaseOf(first).lease))
        return
      case 'lost':
        add(true, this.leaseOf(first).lease.signal.aborted)
        return
      case 'lostBeforeGrant':
        add(true, (this.leaseOf(first).lostAt ?? Infinity) <= this.leaseOf(second).grantedAt)
        return
      case 'exactlyOne': {
        const wanted = check[2] ?? null
        const outcomes = first.split(' ').map((each) => this.startedAs(each).outcome)
        add(1, outcomes.filter((each) => each?.type === 'returned' && each.value === wanted).length)
        return
      }
      case 'everyAcknowledgedWriteReadable':
      case 'everySettles':
      case 'sumOfAcknowledgedEqualsValue':
        add(true, this.bound.values.get(`check ${name}`) === true)
        return
      case 'renewalsSince':
        add(Number(check[2]), Number(this.bound.values.get(`renewals ${first}`) ?? 0))
        return
      default:
        throw new Error(`check ${name} is not known`)
    }
  }
}

function heldOf({ signal, expiresIn }: Lease): Json {
  return { aborted: signal.aborted, isLeft: expiresIn > 0 }
}

async function watched(result: unknown, events: unknown[]): Promise<void> {
  // What `watch` gives.
  for await (const event of result as AsyncIterable<unknown>) events.push(event)
}

function failureOf(expect: JsonObject, error: unknown): readonly [Json, Json] {
  const code = codeOf(error)
  const props = isObject(expect['props']) ? expect['props'] : {}
  const actual = { code, ...objectOf(picked(error, props), 'props') }
  if (typeof expect['error'] === 'string') return [{ code: expect['error'], ...props }, actual]
  if (isList(expect['errorOneOf'])) {
    const isFitting = expect['errorOneOf'].includes(code)
    return [{ code: isFitting ? code : expect['errorOneOf'], ...props }, actual]
  }
  return [expect, { ...actual, message: error instanceof Error ? error.message : String(error) }]
}

/** Those properties of a value that are asked for. */
function picked(value: unknown, wanted: JsonObject): Json {
  if (typeof value !== 'object' || value === null) return shown(value)
  return Object.fromEntries(
    Object.keys(wanted).map((name) => [name, shown(Reflect.get(value, name) as unknown)]),
  )
}

function valuesOf(value: unknown): Json {
  if (!Array.isArray(value)) return shown(value)
  return value.map((item: unknown) =>
    typeof item === 'object' && item !== null && 'value' in item ? shown(item.value) : shown(item),
  )
}

/** Keys that a scan has to have come by, each once. */
function scanned(wanted: readonly Json[], value: unknown): readonly [Json, Json] {
  const keys = Array.isArray(value)
    ? value.map((item: unknown) => shown(Array.isArray(item) ? item[0] : item))
    : []
  const seen = wanted.map((key) => keys.filter((found) => found === key).length)
  return [wanted.map(() => 1), seen]
}

/** Where options stand behind arguments that may be left out. */
function requiredArguments(kind: string, op: string): number {
  if (kind === 'semaphore' && /^(?:acquire|tryAcquire|tryLease)$/.test(op)) return 1
  if (kind === 'counter' && /^(?:increment|decrement)$/.test(op)) return 1
  return 0
}
