// Mailbox, stash, timers and supervision against models that are simple enough to be seen to be right.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  allForOne,
  Behaviors,
  oneForOne,
  type ActorContext,
  type ActorRef,
  type Behavior,
  type OverflowPolicy,
} from '../src/index.ts'
import { TestSystem } from './probe.ts'

/** Done to a model and to an actor alike. */
function command<M extends object, R extends object>(
  name: string,
  run: (model: M, real: R) => void | Promise<void>,
  check: (model: Readonly<M>) => boolean = () => true,
): fc.AsyncCommand<M, R> {
  return {
    check,
    run: async (model, real) => await run(model, real),
    toString: () => name,
  }
}

describe('An actor with a bounded mailbox and a stash', () => {
  type Kind = 'item' | 'open' | 'close' | 'fail' | 'stop'
  interface Told {
    readonly kind: Kind
    readonly id: number
  }
  interface Limits {
    readonly capacity: number
    readonly overflow: OverflowPolicy
    readonly stashCapacity: number
  }

  class Model {
    readonly log: number[] = []
    readonly lost: string[] = []
    readonly limits: Limits
    waiting: Told[] = []
    stash: Told[] = []
    isOpen = false
    isStopped = false
    nextId = 0

    constructor(limits: Limits) {
      this.limits = limits
    }

    /** @returns whether the sender is told that there is no room */
    tell(told: Told): boolean {
      if (this.isStopped) this.lost.push(`stopped ${told.id}`)
      else if (this.waiting.length < this.limits.capacity) this.waiting.push(told)
      else if (this.limits.overflow === 'reject') return true
      else if (this.limits.overflow === 'drop-new') this.lost.push(`mailbox-full ${told.id}`)
      else {
        this.lost.push(`mailbox-full ${this.waiting.shift()?.id}`)
        this.waiting.push(told)
      }
      return false
    }

    handleAll(): void {
      for (let told = this.waiting.shift(); told; told = this.waiting.shift()) this.#handle(told)
    }

    #handle(told: Told): void {
      if (told.kind === 'item' && this.isOpen) this.log.push(told.id)
      else if (told.kind === 'item' && this.stash.length < this.limits.stashCapacity) {
        this.stash.push(told)
      } else if (told.kind === 'item') this.#restart(`stash-full ${told.id}`)
      else if (told.kind === 'fail') this.#restart(`failed ${told.id}`)
      else if (told.kind === 'stop') {
        this.isStopped = true
        for (const { id } of this.#unstashed()) this.lost.push(`stopped ${id}`)
        this.waiting = []
      } else {
        this.isOpen = told.kind === 'open'
        if (this.isOpen) this.waiting = this.#unstashed()
      }
    }

    #restart(lost: string): void {
      this.lost.push(lost)
      this.isOpen = false
      this.waiting = this.#unstashed()
    }

    #unstashed(): Told[] {
      return [...this.stash.splice(0), ...this.waiting]
    }
  }

  interface Real {
    readonly system: TestSystem
    readonly ref: ActorRef<Told>
    readonly log: number[]
  }

  function behaving(log: number[]): Behavior<Told> {
    const inner = Behaviors.setup<Told>(({ stash }) => {
      let isOpen = false
      return Behaviors.receive((told) => {
        if (told.kind === 'fail') throw new Error('fail')
        if (told.kind === 'stop') return Behaviors.stopped
        if (told.kind === 'item' && isOpen) log.push(told.id)
        else if (told.kind === 'item') stash.stash(told)
        else {
          isOpen = told.kind === 'open'
          if (isOpen) stash.unstashAll()
        }
        return undefined
      })
    })
    return Behaviors.supervise(inner, oneForOne({ maxRestarts: Infinity }))
  }

  const kinds = fc.constantFrom<Kind>('item', 'item', 'item', 'item', 'open', 'close', 'fail')
  const lastKinds = fc.constantFrom<Kind>('stop')
  const kind = fc.oneof({ weight: 30, arbitrary: kinds }, { weight: 1, arbitrary: lastKinds })
  const burst = fc.array(kind, { minLength: 1, maxLength: 12 }).map((all) =>
    command<Model, Real>(`tell ${all.join(' ')}`, async (model, { system, ref, log }) => {
      for (const one of all) {
        const told = { kind: one, id: model.nextId++ }
        if (model.tell(told)) expect(() => ref.tell(told)).toThrow(/holds/)
        else ref.tell(told)
      }
      model.handleAll()
      await system.idle()
      expect(log).toEqual(model.log)
      const lost = system.events.flatMap((event) => {
        if (event.type !== 'dead-letter') return []
        const { id } = event.deadLetter.message as Told // All that is told here.
        return [`${event.deadLetter.reason} ${id}`]
      })
      expect(lost).toEqual(model.lost)
    }),
  )
  const limits = fc.record({
    capacity: fc.integer({ min: 1, max: 6 }),
    overflow: fc.constantFrom<OverflowPolicy>('drop-new', 'drop-oldest', 'reject'),
    stashCapacity: fc.integer({ min: 1, max: 4 }),
  })

  test('handles, drops and keeps just what its model does', async () => {
    const commands = fc.commands([burst], { maxCommands: 20, size: 'max' })
    await fc.assert(
      fc.asyncProperty(limits, commands, async (of, steps) => {
        await using system = new TestSystem()
        const log: number[] = []
        const real = { system, ref: system.spawn(behaving(log), { mailbox: of }), log }
        await fc.asyncModelRun(() => ({ model: new Model(of), real }), steps)
      }),
      { numRuns: 200 },
    )
  })
})

describe('Timers of an actor', () => {
  interface Due {
    readonly key: string
    readonly message: string
    readonly everyMs: number | undefined
    at: number
  }

  class Model {
    readonly timers = new Map<string, Due>()
    readonly log: string[] = []
    now = 0
    count = 0

    start(key: string, delayMs: number, everyMs?: number): string {
      const message = `${key}${this.count++}`
      this.timers.set(key, { key, message, everyMs, at: this.now + delayMs })
      return message
    }

    pass(ms: number): void {
      const until = this.now + ms
      for (let due = this.#next(until); due; due = this.#next(until)) {
        this.now = due.at
        this.log.push(`${due.message} at ${due.at}`)
        if (due.everyMs === undefined) this.timers.delete(due.key)
        else due.at += due.everyMs
      }
      this.now = until
    }

    #next(until: number): Due | undefined {
      const all = [...this.timers.values()].filter(({ at }) => at <= until)
      return all.toSorted((left, right) => left.at - right.at)[0]
    }
  }

  interface Real {
    readonly system: TestSystem
    readonly ref: ActorRef<string | ((context: ActorContext<string>) => void)>
    readonly log: string[]
  }

  const keys = fc.constantFrom('a', 'b', 'c')
  const delays = fc.integer({ min: 0, max: 30 })
  const periods = fc.integer({ min: 1, max: 30 })
  const pass = fc.integer({ min: 0, max: 50 }).map((ms) =>
    command<Model, Real>(`pass ${ms}`, async (model, { system, log }) => {
      model.pass(ms)
      await system.pass(ms)
      // What is due at one instant may come in any order.
      expect(log.toSorted((a, b) => a.localeCompare(b))).toEqual(
        model.log.toSorted((a, b) => a.localeCompare(b)),
      )
    }),
  )
  const commands = fc.commands(
    [
      fc.tuple(keys, delays).map(([key, delayMs]) =>
        command<Model, Real>(`once ${key} ${delayMs}`, async (model, { system, ref }) => {
          const message = model.start(key, delayMs)
          ref.tell(({ timers }) => timers.startOnce(key, message, delayMs))
          await system.idle()
          model.pass(0)
        }),
      ),
      fc.tuple(keys, periods, delays).map(([key, everyMs, firstMs]) =>
        command<Model, Real>(
          `every ${key} ${everyMs} ${firstMs}`,
          async (model, { system, ref }) => {
            const message = model.start(key, firstMs, everyMs)
            ref.tell(({ timers }) => timers.startPeriodic(key, message, everyMs, firstMs))
            await system.idle()
            model.pass(0)
          },
        ),
      ),
      keys.map((key) =>
        command<Model, Real>(`cancel ${key}`, async (model, { system, ref }) => {
          model.timers.delete(key)
          ref.tell(({ timers }) => timers.cancel(key))
          await system.idle()
        }),
      ),
      fc.constant(
        command<Model, Real>('restart', async (model, { system, ref }) => {
          model.timers.clear()
          ref.tell(() => {
            throw new Error('restart')
          })
          await system.idle()
          expect(system.clock.pendingTimers).toBe(0)
        }),
      ),
      fc.constant(
        command<Model, Real>('look', async (model, { system, ref }) => {
          const active: string[] = []
          ref.tell(({ timers }) => {
            active.push(...['a', 'b', 'c'].filter((key) => timers.isActive(key)))
          })
          await system.idle()
          expect(new Set(active)).toEqual(new Set(model.timers.keys()))
        }),
      ),
      pass,
    ],
    { maxCommands: 60, size: 'max' },
  )

  test('are due when their model says', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (steps) => {
        await using system = new TestSystem()
        const log: string[] = []
        const inner = Behaviors.receive<string | ((context: ActorContext<string>) => void)>(
          (message, context) => {
            // An actor that takes such functions takes texts as well.
            if (typeof message === 'function') message(context as unknown as ActorContext<string>)
            else log.push(`${message} at ${system.clock.now()}`)
          },
        )
        const ref = system.spawn(Behaviors.supervise(inner, oneForOne({ maxRestarts: Infinity })))
        await fc.asyncModelRun(() => ({ model: new Model(), real: { system, ref, log } }), steps)
      }),
      { numRuns: 150 },
    )
  })
})

describe('Children under a strategy', () => {
  type Told = number | 'resume' | 'restart' | 'stop'
  interface Settings {
    readonly isForAll: boolean
    readonly maxRestarts: number
    readonly withinMs: number
    readonly pauseMs: number | undefined
  }

  class Child {
    isAlive = true
    /** What it was told since it began last. */
    sum = 0
    restarts: number[] = []
    pausedUntil = 0
    readonly waiting: Told[] = []
  }

  class Model {
    readonly children = [new Child(), new Child(), new Child()] as const
    readonly log: string[] = []
    readonly settings: Settings
    now = 0

    constructor(settings: Settings) {
      this.settings = settings
    }

    get isPausing(): boolean {
      return this.children.some(({ pausedUntil }) => pausedUntil > this.now)
    }

    tell(index: number, told: Told): void {
      this.children[index]?.waiting.push(told)
      this.settle()
    }

    pass(ms: number): void {
      const until = this.now + ms
      while (this.now < until) {
        const next = this.children.map((one) => one.pausedUntil).filter((at) => at > this.now)
        this.now = Math.min(until, ...next)
        this.settle()
      }
    }

    settle(): void {
      for (const [index, child] of this.children.entries()) {
        while (child.isAlive && child.pausedUntil <= this.now && child.waiting.length > 0) {
          this.#handle(index, child, child.waiting.shift() ?? 0)
        }
      }
    }

    #handle(index: number, child: Child, told: Told): void {
      if (typeof told === 'number') {
        child.sum += told
        this.log.push(`${index}: ${child.sum}`)
      } else if (told === 'stop') this.#stop(child)
      else if (told === 'restart') this.#restart(child)
    }

    #concerned(child: Child): readonly Child[] {
      return this.settings.isForAll ? this.children : [child]
    }

    #stop(child: Child): void {
      for (const one of this.#concerned(child)) one.isAlive = false
    }

    #restart(child: Child): void {
      const { maxRestarts, withinMs, pauseMs } = this.settings
      child.restarts = child.restarts.filter((at) => this.now - at < withinMs)
      if (child.restarts.length >= maxRestarts) {
        this.#stop(child)
        return
      }
      const delayMs = pauseMs === undefined ? 0 : pauseMs * 2 ** Math.min(2, child.restarts.length)
      child.restarts.push(this.now)
      for (const one of this.#concerned(child)) {
        if (one.pausedUntil > this.now) continue // It is about to begin anew already.
        one.sum = 0
        one.pausedUntil = this.now + delayMs
      }
    }
  }

  interface Real {
    readonly system: TestSystem
    readonly refs: readonly ActorRef<Told>[]
    readonly log: string[]
  }

  function family(settings: Settings, refs: ActorRef<Told>[], log: string[]): Behavior<string> {
    const { isForAll, maxRestarts, withinMs, pauseMs } = settings
    const strategy = (isForAll ? allForOne : oneForOne)({
      maxRestarts,
      withinMs,
      decide: (error) => (error as Error).message as 'resume', // As children are told to fail.
      ...(pauseMs !== undefined && {
        backoff: { minMs: pauseMs, maxMs: 4 * pauseMs, jitter: 0 },
      }),
    })
    const child = (index: number): Behavior<Told> =>
      Behaviors.setup(() => {
        let sum = 0
        return Behaviors.receive((told) => {
          if (typeof told !== 'number') throw new Error(told)
          sum += told
          log.push(`${index}: ${sum}`)
        })
      })
    return Behaviors.superviseChildren(
      Behaviors.setup((context) => {
        for (const index of [0, 1, 2]) refs.push(context.spawn(child(index)))
        return Behaviors.ignore
      }),
      strategy,
    )
  }

  // Which child comes first is nobody's business.
  const byChild = (log: readonly string[]): readonly string[] =>
    log.toSorted((left, right) => left.charCodeAt(0) - right.charCodeAt(0))
  const settle = (model: Model, { log }: Real): void =>
    expect(byChild(log)).toEqual(byChild(model.log))
  const indices = fc.integer({ min: 0, max: 2 })
  const told = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 9 }) },
    { weight: 3, arbitrary: fc.constantFrom('resume' as const, 'restart' as const) },
    { weight: 1, arbitrary: fc.constant('stop' as const) },
  )
  const commands = fc.commands(
    [
      fc.tuple(indices, told).map(([index, message]) =>
        command<Model, Real>(
          `tell ${index} ${message}`,
          async (model, real) => {
            model.tell(index, message)
            real.refs[index]?.tell(message)
            await real.system.idle()
            settle(model, real)
          },
          // Two that fail when one pause ends would meet in either order.
          (model) => typeof message === 'number' || !model.isPausing,
        ),
      ),
      fc.integer({ min: 1, max: 100 }).map((ms) =>
        command<Model, Real>(`pass ${ms}`, async (model, real) => {
          model.pass(ms)
          await real.system.pass(ms)
          settle(model, real)
        }),
      ),
    ],
    { maxCommands: 60, size: 'max' },
  )
  const anySettings = fc.record({
    isForAll: fc.boolean(),
    maxRestarts: fc.integer({ min: 0, max: 5 }),
    withinMs: fc.integer({ min: 10, max: 200 }),
    pauseMs: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
  })

  test('begin anew, wait and stop as their model does', async () => {
    await fc.assert(
      fc.asyncProperty(anySettings, commands, async (settings, steps) => {
        await using system = new TestSystem()
        const refs: ActorRef<Told>[] = []
        const log: string[] = []
        system.spawn(family(settings, refs, log))
        await system.idle()
        const model = new Model(settings)
        await fc.asyncModelRun(() => ({ model, real: { system, refs, log } }), steps)
        expect(model.children.map(({ isAlive }) => isAlive)).toEqual(
          refs.map((ref) => system.lookup(ref.path) !== undefined),
        )
      }),
      { numRuns: 200 },
    )
  })
})
