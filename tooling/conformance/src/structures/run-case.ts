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
import { checkNow } from './checks.ts'
import { pairOf, type Outcome } from './expected.ts'
import { codeOf, FencedResource, open, type Callable } from './handles.ts'
import { invoke, resultOf, type Handle } from './invocation.ts'
import { StructuresWorld } from './structures-world.ts'
import { meant, type Bound } from './values.ts'

export interface Started {
  readonly abort: AbortController
  readonly promise: Promise<void>
  outcome: Outcome | undefined
  /** What a watcher has seen so far. */
  readonly events: unknown[]
  readonly isWatch: boolean
}

/** A lease as of when it was granted. */
export interface HeldLease {
  readonly lease: Lease
  readonly grantedAt: number
  lostAt?: number
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
  readonly leases = new Map<string, HeldLease>()
  readonly facts: Fact[] = []
  /** Names of calls that are aborted later. */
  readonly #aborted: ReadonlySet<unknown>
  /** Calls in the background, and what came of them. */
  readonly background: {
    readonly key: string
    readonly value: unknown
    outcome: Outcome | undefined
  }[] = []

  private constructor(world: StructuresWorld, aborted: ReadonlySet<unknown>) {
    this.world = world
    this.#aborted = aborted
    this.bound = {
      values: new Map(),
      variables: new Map(),
      tokenOf: (name) => this.leaseOf(name).lease.token,
    }
  }

  static async facts(data: JsonObject): Promise<readonly Fact[]> {
    const nodes = typeof data['nodes'] === 'number' ? data['nodes'] : 1
    const keeping = { isJournaled: data['journal'] === true, replication: data['replication'] }
    await using world = await StructuresWorld.of(Math.max(minHosts, nodes), keeping)
    const steps = objectsOf(data['steps'], 'steps')
    const run = new CaseRun(world, new Set(steps.map(({ abort }) => abort)))
    for (const opened of listOf(data['open'], 'open'))
      await run.open(objectOf(opened, 'open'), 'open')
    for (const [index, step] of steps.entries()) await run.step(step, `step ${index + 1}`)
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

  leaseOf(name: string): HeldLease {
    const known = this.leases.get(name)
    if (!known) throw new Error(`there is no lease ${name}`)
    return known
  }

  startedAs(name: string): Started {
    const known = this.started.get(name)
    if (!known) throw new Error(`nothing was started as ${name}`)
    return known
  }

  async step(step: JsonObject, part: string): Promise<void> {
    if (isObject(step['open'])) await this.open(step['open'], part)
    else if (typeof step['fault'] === 'string') await carryOut(this, step, part)
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
    await this.settled(started)
    this.compare(objectOf(step['expect'] ?? { any: true }, 'expect'), started, part)
    if (typeof step['bind'] === 'string' && started.outcome?.type === 'returned') {
      this.bound.values.set(step['bind'], started.outcome.value)
    }
  }

  start(step: JsonObject, op: string): Started {
    const name = textOf(step['h'], 'h')
    const handle = this.handles.get(name)
    if (!handle) throw new Error(`there is no handle ${name}`)
    const abort = new AbortController()
    const isAborted = isObject(step['opts']) && step['opts']['signal'] === 'aborted'
    if (isAborted) abort.abort()
    const isAbortable =
      isAborted || (step['start'] !== undefined && this.#aborted.has(step['start']))
    const started: Started = {
      abort,
      outcome: undefined,
      events: [],
      isWatch: op === 'watch',
      promise: Promise.resolve().then(async () => {
        try {
          const signal = isAbortable ? abort.signal : undefined
          const result = invoke(this, handle, step, op, signal)
          const value = await resultOf(op, result, started.events)
          started.outcome = { type: 'returned', value, at: this.world.clock.now() }
        } catch (error) {
          started.outcome = { type: 'failed', error, at: this.world.clock.now() }
        }
      }),
    }
    return started
  }

  async settled({ promise }: Started): Promise<void> {
    await this.world.settled(promise, patienceMs).catch(() => {})
  }

  async #await(step: JsonObject, name: string, part: string): Promise<void> {
    const started = this.startedAs(name)
    if (started.isWatch) await this.world.settle(3_000)
    else await this.settled(started)
    this.compare(objectOf(step['expect'] ?? { any: true }, 'expect'), started, part)
  }

  async #pending(names: readonly Json[], part: string): Promise<void> {
    await this.world.still()
    const settled = names.filter(
      (name) => this.startedAs(textOf(name, 'pending')).outcome !== undefined,
    )
    this.facts.push(fact(`${part}: pending`, [], settled))
  }

  compare(expect: JsonObject, started: Started, part: string): void {
    const { outcome, events } = started
    const [expected, actual] = pairOf(expect, outcome, events, (...lease) =>
      this.#granted(...lease),
    )
    this.facts.push(fact(part, expected, actual))
    for (const check of listOf(expect['checks'] ?? [], 'checks')) {
      if (outcome?.type === 'returned') checkNow(this, listOf(check, 'check'), part)
    }
  }

  #granted(name: string, value: unknown, grantedAt: number): boolean {
    if (typeof value !== 'object' || value === null || !('token' in value)) return false
    // Whatever has a token, and comes from a lock or a semaphore, is a lease.
    const held: HeldLease = { lease: value as unknown as Lease, grantedAt }
    held.lease.signal.addEventListener('abort', () => (held.lostAt = this.world.clock.now()))
    this.leases.set(name, held)
    return true
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
    checkNow(this, check, part)
  }
}
