// Code of users that throws or rejects wherever it is called. Whatever it does, messages of one actor do
// not overlap, each is handled once or is a dead letter once, every actor stops once, after its children, and
// a shutdown ends.
import { seededRandom, type Random } from '@casty/clock'
import { expect, test } from 'vitest'
import {
  allForOne,
  Behaviors,
  oneForOne,
  type ActorContext,
  type ActorRef,
  type Behavior,
  type Directive,
  type SupervisionStrategy,
} from '../src/index.ts'
import { TestSystem } from './probe.ts'

interface Told {
  readonly id: number
}

interface World {
  readonly system: TestSystem
  readonly random: Random
  /** How often each message was handled. */
  readonly handled: Map<number, number>
  readonly refs: ActorRef<Told>[]
  readonly overlaps: string[]
  nextId: number
}

/** Does nothing, or throws, or rejects, at once or later. */
function trouble({ random, system }: World, likely = 0.15): void | Promise<void> {
  const draw = random()
  if (draw < likely / 3) throw new Error('thrown')
  if (draw < (likely * 2) / 3) return Promise.reject(new Error('rejected'))
  if (draw < likely) return later(system, random).then(() => Promise.reject(new Error('late')))
  return draw < likely + 0.2 ? later(system, random) : undefined
}

function later(system: TestSystem, random: Random): Promise<void> {
  return new Promise((resolve) => {
    system.clock.schedule(Math.floor(random() * 20), resolve)
  })
}

function thrown(world: World, likely = 0.1): void {
  if (world.random() < likely) throw new Error('thrown')
}

function strategyOf(world: World): SupervisionStrategy {
  const { random } = world
  const directives: readonly Directive[] = ['resume', 'restart', 'restart', 'stop', 'escalate']
  return (random() < 0.5 ? oneForOne : allForOne)({
    maxRestarts: Math.floor(random() * 6),
    ...(random() < 0.5 && { backoff: { minMs: 1, maxMs: 50 } }),
    decide: () => {
      thrown(world, 0.05)
      return directives[Math.floor(random() * directives.length)] ?? 'stop'
    },
  })
}

function behavior(world: World, depth: number): Behavior<Told> {
  const { random } = world
  let made: Behavior<Told> = Behaviors.setup((context) => {
    const done = trouble(world, 0.1)
    const inner = (): Behavior<Told> => {
      for (let left = depth > 0 ? random() * 3 : 0; left > 1; left--) {
        world.refs.push(context.spawn(behavior(world, depth - 1)))
      }
      return receiving(world, depth)
    }
    return done ? done.then(inner) : inner()
  })
  if (random() < 0.5) {
    made = Behaviors.withLifecycle(made, {
      preStart: () => trouble(world, 0.05),
      postStop: () => trouble(world),
      preRestart: () => trouble(world, 0.05),
    })
  }
  if (random() < 0.3) made = Behaviors.spy(made, () => thrown(world, 0.5))
  if (random() < 0.7) made = Behaviors.supervise(made, strategyOf(world))
  return random() < 0.5 ? Behaviors.superviseChildren(made, strategyOf(world)) : made
}

function receiving(world: World, depth: number): Behavior<Told> {
  const busy = new Set<string>()
  return Behaviors.receive<Told>(
    (told, context) => {
      const { path } = context.self
      if (busy.has(path)) world.overlaps.push(path)
      busy.add(path)
      const over = (): void => void busy.delete(path)
      try {
        const done = trouble(world)
        if (!done) {
          over()
          return next(world, told, context, depth)
        }
        return afterwards(done, () => next(world, told, context, depth), over)
      } catch (error) {
        over()
        throw error
      }
    },
    () => {
      thrown(world)
      return world.random() < 0.5 ? Behaviors.unhandled : undefined
    },
  )
}

async function afterwards<T>(done: Promise<void>, goOn: () => T, over: () => void): Promise<T> {
  try {
    await done
    return goOn()
  } finally {
    over()
  }
}

/** What follows a message. It counts as handled only where nothing throws any more. */
function next(
  world: World,
  told: Told,
  context: ActorContext<Told>,
  depth: number,
): Behavior<Told> | undefined {
  const { random, handled } = world
  const draw = random()
  if (draw < 0.1) return Behaviors.unhandled
  if (draw < 0.2) {
    context.stash.stash(told)
    thrown(world, 0.3) // It is put aside, so it does not count as failed.
    return undefined
  }
  if (draw < 0.3) context.stash.unstashAll()
  else if (draw < 0.35) act(world, context)
  handled.set(told.id, (handled.get(told.id) ?? 0) + 1)
  if (draw > 0.97) return Behaviors.stopped
  if (draw > 0.93) return Behaviors.restart
  if (draw > 0.9) return behavior(world, 0)
  // Given by code without types.
  if (draw > 0.89) return { type: 'nonsense' } as unknown as Behavior<Told>
  return draw > 0.8 ? receiving(world, depth) : undefined
}

function act(world: World, context: ActorContext<Told>): void {
  const { random, refs } = world
  const other = refs[Math.floor(random() * refs.length)]
  if (!other) return
  const told = (): Told => ({ id: -1 })
  const choices = [
    () => context.watch(other),
    () => context.unwatch(other),
    () => context.timers.startPeriodic('t', told(), 5),
    () => context.timers.startOnce('t', told(), 0),
    () => {
      const mapped = (): Told => {
        thrown(world, 0.5)
        return told()
      }
      context.pipeToSelf(Promise.resolve(trouble(world, 0)), mapped, mapped)
    },
    () => void context.ask<Told, Told>(other, told, { timeoutMs: 20 }).catch(() => {}),
    () => {
      for (const child of context.children) context.stop(child)
    },
  ]
  choices[Math.floor(random() * choices.length)]?.()
}

function tellSome(world: World): void {
  const { random, refs } = world
  for (let left = random() * 30; left > 0; left--) {
    refs[Math.floor(random() * refs.length)]?.tell({ id: world.nextId++ })
  }
}

// Fixed seeds: each is a whole life of a system. 1000 more were run when this was written.
test.each(Array.from({ length: 100 }, (_, index) => index + 1))(
  'a system keeps its promises, whatever its actors do (seed %i)',
  async (seed) => {
    const random = seededRandom(seed)
    const system = new TestSystem({ random, mailbox: { capacity: 20, stashCapacity: 5 } })
    const world: World = { system, random, handled: new Map(), refs: [], overlaps: [], nextId: 0 }
    system.subscribe(() => thrown(world, 0.2))
    for (let left = 4; left > 0; left--) world.refs.push(system.spawn(behavior(world, 2)))
    const roots = [...world.refs]
    const adapted = adapting(world)
    for (let round = 0; round < 20; round++) {
      tellSome(world)
      adapted.tell({ id: world.nextId++ })
      if (random() < 0.1) void system.stop(roots[Math.floor(random() * 4)] ?? adapted)
      await system.pass(Math.floor(random() * 30))
    }
    const ended = system.shutdown()
    await system.pass(10_000)
    await ended

    expect(world.overlaps).toEqual([])
    const fates = new Map(world.handled)
    for (const event of system.events) {
      if (event.type !== 'dead-letter') continue
      const { id } = event.deadLetter.message as Told // All that is told here.
      fates.set(id, (fates.get(id) ?? 0) + 1)
    }
    fates.delete(-1) // Of timers and promises, which nobody misses.
    expect([...fates].filter(([, count]) => count !== 1)).toEqual([])
    expect(fates.size).toBe(world.nextId)
    const counts = (line: string): readonly string[] =>
      system.story.filter((one) => one.startsWith(line)).map((one) => one.slice(line.length))
    const byName = (left: string, right: string): number => (left < right ? -1 : 1)
    expect(counts('stopped').toSorted(byName)).toEqual(counts('started').toSorted(byName))
    const stopped = counts('stopped ')
    const early = stopped.filter((path, index) =>
      stopped.slice(index).some((later) => later.startsWith(`${path}/`)),
    )
    expect(early).toEqual([]) // Whoever stops, its children have.
    expect(system.clock.pendingTimers).toBe(0)
  },
)

/** A ref of an actor whose messages are made of others, and may not be. */
function adapting(world: World): ActorRef<Told> {
  let adapted: ActorRef<Told> | undefined
  const ref = world.system.spawn<Told>(
    Behaviors.supervise(
      Behaviors.setup((context) => {
        adapted ??= context.adapt((told) => {
          thrown(world, 0.3)
          return told
        })
        return Behaviors.receive((told) => {
          world.handled.set(told.id, (world.handled.get(told.id) ?? 0) + 1)
        })
      }),
      oneForOne({ maxRestarts: Infinity }),
    ),
  )
  return { path: ref.path, tell: (told) => (adapted ?? ref).tell(told) }
}
