import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NodeAddress, NodeIdentity } from '@casty/transport'
import {
  decodeWatchMessage,
  encodeWatchMessage,
  type WatchMessage,
} from '../src/watch/watch-messages.ts'
import { HeldBack } from '../src/watch/held-back.ts'
import { Watched } from '../src/watch/watched.ts'
import { Watching } from '../src/watch/watching.ts'

const here = NodeIdentity.of(NodeAddress.of('here', 1), 1)
const there = NodeIdentity.of(NodeAddress.of('there', 1), 1)

/** Two nodes: watchers on one, actors on the other, and messages on their way, in order. */
class World {
  readonly watching = new Watching<number>()
  readonly watched = new Watched(5)
  /** What the actors' node observes: the actor of a watch. */
  readonly observed = new Map<number, number>()
  readonly alive = new Set([0, 1, 2])
  readonly told: { readonly watcher: number; readonly ending: string }[] = []
  readonly toThere: WatchMessage[] = []
  readonly toHere: WatchMessage[] = []

  watch(actor: number, watcher: number): void {
    this.#watchingStep({ type: 'watch', node: there, target: targetOf(actor), watcher })
  }

  unwatch(actor: number, watcher: number): void {
    this.#watchingStep({ type: 'unwatch', node: there, target: targetOf(actor), watcher })
  }

  stop(actor: number): void {
    this.alive.delete(actor)
    for (const [id, observed] of this.observed) {
      if (observed === actor) this.#ended(id)
    }
  }

  arriveThere(): void {
    const message = this.toThere.shift()
    if (!message || message.type === 'terminated') return
    this.#watchedStep({ type: 'message-received', from: here, message })
  }

  arriveHere(): void {
    const message = this.toHere.shift()
    if (message?.type === 'terminated') this.#watchingStep({ ...message, from: there })
  }

  /** What was on its way is lost, and both know. */
  giveUp(): void {
    this.toThere.length = 0
    this.toHere.length = 0
    this.#watchingStep({ type: 'given-up', node: there })
    this.#watchedStep({ type: 'given-up', node: here })
  }

  /** The same, and those who watch go on. */
  beginAnew(): void {
    this.toThere.length = 0
    this.toHere.length = 0
    this.#watchedStep({ type: 'given-up', node: here })
    this.#watchingStep({ type: 'begun-anew', node: there })
  }

  settle(): void {
    while (this.toThere.length + this.toHere.length > 0) {
      this.arriveThere()
      this.arriveHere()
    }
  }

  #ended(id: number): void {
    this.#watchedStep({ type: 'ended', watcher: here, id, ending: 'stopped' })
    this.observed.delete(id)
  }

  #watchingStep(event: Parameters<Watching<number>['step']>[0]): void {
    for (const effect of this.watching.step(event)) {
      if (effect.type === 'send') this.toThere.push(effect.message)
      else this.told.push({ watcher: effect.watcher, ending: effect.ending })
    }
  }

  #watchedStep(event: Parameters<Watched['step']>[0]): void {
    for (const effect of this.watched.step(event)) {
      if (effect.type === 'tell-terminated') {
        const { id, ending } = effect
        this.toHere.push({ type: 'terminated', id, ending, mark: { session: 0, sequence: 0 } })
      } else if (effect.type === 'ignore') this.observed.delete(effect.id)
      else {
        const actor = effect.target.uid
        this.observed.set(effect.id, actor)
        if (!this.alive.has(actor)) this.#ended(effect.id)
      }
    }
  }
}

function targetOf(actor: number): { readonly path: string; readonly uid: number } {
  return { path: '/actor', uid: actor }
}

type Command =
  | { readonly type: 'watch' | 'unwatch'; readonly actor: number; readonly slot: number }
  | { readonly type: 'stop'; readonly actor: number }
  | { readonly type: 'arrive-there' | 'arrive-here' | 'give-up' | 'begin-anew' }

const actor = fc.nat(2)
const slot = fc.nat(2)
const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ type: fc.constant('watch'), actor, slot }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('unwatch'), actor, slot }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('stop'), actor }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('arrive-there') }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('arrive-here') }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('give-up') }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('begin-anew') }) },
  ),
  { maxLength: 80 },
)

describe('Watching from afar', () => {
  test('tells each watcher once, of what stopped or was given up, and none that withdrew', () => {
    fc.assert(
      fc.property(commands, (list) => {
        const world = new World()
        /** Watchers that wait, by actor and slot: each watch is a watcher of its own. */
        const waiting = new Map<string, { actor: number; watcher: number }>()
        const withdrawn = new Set<number>()
        const everWatched: number[] = []
        let last = 0
        for (const command of list) {
          if (command.type === 'watch') {
            const key = `${command.actor} ${command.slot}`
            const isWaiting = waiting.get(key)
            if (isWaiting && world.told.every(({ watcher }) => watcher !== isWaiting.watcher))
              continue
            const watcher = ++last
            waiting.set(key, { actor: command.actor, watcher })
            everWatched.push(watcher)
            world.watch(command.actor, watcher)
          } else if (command.type === 'unwatch') {
            const key = `${command.actor} ${command.slot}`
            const found = waiting.get(key)
            if (!found) continue
            waiting.delete(key)
            if (world.told.some(({ watcher }) => watcher === found.watcher)) continue
            withdrawn.add(found.watcher)
            world.unwatch(found.actor, found.watcher)
          } else if (command.type === 'stop') world.stop(command.actor)
          else if (command.type === 'arrive-there') world.arriveThere()
          else if (command.type === 'arrive-here') world.arriveHere()
          else if (command.type === 'begin-anew') world.beginAnew()
          else world.giveUp()
        }
        for (const actorLeft of [0, 1, 2]) world.stop(actorLeft)
        world.settle()
        const told = world.told.map(({ watcher }) => watcher).toSorted((a, b) => a - b)
        expect(told).toEqual(everWatched.filter((watcher) => !withdrawn.has(watcher)))
        expect([world.watching.size, world.watched.size, world.observed.size]).toEqual([0, 0, 0])
      }),
      { numRuns: 500 },
    )
  })

  test('takes one watch for all who watch the same actor', () => {
    const world = new World()
    for (const watcher of [1, 2, 3]) world.watch(0, watcher)
    expect(world.toThere).toHaveLength(1)
    world.unwatch(0, 1)
    world.unwatch(0, 2)
    expect(world.toThere).toHaveLength(1)
    world.unwatch(0, 3)
    expect(world.toThere.map(({ type }) => type)).toEqual(['watch', 'unwatch'])
  })

  test('is refused beyond the bound, and then nothing is left to hear', () => {
    const watched = new Watched(1)
    const watch = (id: number): WatchMessage & { readonly type: 'watch' } => ({
      type: 'watch',
      id,
      target: targetOf(id),
    })
    watched.step({ type: 'message-received', from: here, message: watch(1) })
    const refused = watched.step({ type: 'message-received', from: here, message: watch(2) })
    expect(refused).toEqual([{ type: 'tell-terminated', to: here, id: 2, ending: 'refused' }])
    const world = new World()
    world.watch(0, 1)
    const told = world.watching.step({ type: 'terminated', from: there, id: 1, ending: 'refused' })
    expect(told).toEqual([{ type: 'tell', watcher: 1, ending: 'node-gone' }])
  })
})

describe('Word of an end', () => {
  const after = (id: number, sequence: number) =>
    ({ from: there, id, ending: 'stopped', mark: { session: 1, sequence } }) as const

  test('waits for what was sent before it, in order, and for nothing else', () => {
    let arrived = 5
    const held = new HeldBack((_from, { sequence }) => sequence <= arrived, 100)
    expect(held.receive(after(1, 5), 0)).toBe(true)
    expect(held.receive(after(2, 6), 0)).toBe(false)
    expect(held.receive(after(3, 6), 0)).toBe(false)
    expect(held.receive(after(4, 8), 0)).toBe(false)
    expect(held.due(held.nextDeadline ?? NaN)).toEqual([])
    arrived = 7
    expect(held.due(held.nextDeadline ?? NaN).map(({ id }) => id)).toEqual([2, 3])
    arrived = 8
    expect(held.due(held.nextDeadline ?? NaN).map(({ id }) => id)).toEqual([4])
    expect([held.size, held.nextDeadline]).toEqual([0, undefined])
  })

  test('waits no longer than three seconds, and looks less and less often', () => {
    const held = new HeldBack(() => false, 100)
    held.receive(after(1, 1), 0)
    let looks = 0
    while (held.size > 0) {
      const told = held.due(held.nextDeadline ?? NaN)
      looks++
      expect(told.length).toBe(held.size === 0 ? 1 : 0)
      expect(held.nextDeadline ?? 0).toBeLessThanOrEqual(3_100)
    }
    expect(looks).toBeLessThan(45)
  })

  test('takes no memory beyond a bound, whatever a node says', () => {
    const held = new HeldBack(() => false, 100)
    for (let count = 0; count < 1_000; count++) held.receive(after(1, 1_000), 0)
    expect(held.size).toBe(100)
  })

  test('of a node that was given up is dropped', () => {
    const held = new HeldBack(() => false, 100)
    held.receive(after(1, 1), 0)
    held.forget(there)
    expect([held.size, held.nextDeadline]).toEqual([0, undefined])
  })
})

describe('A message about watches', () => {
  const id = fc.maxSafeNat()
  const messages: fc.Arbitrary<WatchMessage> = fc.oneof(
    fc.record({
      type: fc.constant('watch' as const),
      id,
      target: fc.record({ uid: fc.maxSafeNat(), path: fc.string({ maxLength: 50 }) }),
    }),
    fc.record({ type: fc.constant('unwatch' as const), id }),
    fc.record({
      type: fc.constant('terminated' as const),
      id,
      ending: fc.constantFrom('stopped', 'failed', 'node-gone', 'refused'),
      mark: fc.record({ session: fc.nat(), sequence: fc.nat() }),
    }),
  )

  test('reads as it was written', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(decodeWatchMessage(encodeWatchMessage(message))).toEqual(message)
      }),
    )
  })

  test('of arbitrary bytes is refused as malformed, or read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        try {
          expect(['watch', 'unwatch', 'terminated']).toContain(decodeWatchMessage(bytes).type)
        } catch (error) {
          expect(error).toMatchObject({ code: 'CASTY_TRANSPORT_MALFORMED' })
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
