// Entities that do not stop in time for the move of their shard: what was sent to them keeps its order all the same.
import { Behaviors, type Behavior } from '@casty/actor'
import { expect, test } from 'vitest'
import type { EntityContext, EntityRegion } from '@casty/sharding'
import { RegionWorld } from './region-world.ts'

interface Note {
  readonly number: number
  /** Its handler waits until it is let go. */
  readonly hangs?: true
}

/** One shard, of which a is the owner. What was handled goes to `handled`, as `number@epoch`. */
class Notes {
  readonly world: RegionWorld
  readonly here: EntityRegion<Note>
  readonly handled: string[] = []
  readonly #hanging = new Map<string, () => void>()

  private constructor(world: RegionWorld) {
    this.world = world
    const type = {
      name: 'notes',
      numShards: 1,
      idleTimeoutMs: Infinity,
      entity: (entity: EntityContext<Note>) => this.#entity(entity),
    }
    const here = world.startType<Note>(type).get('a')
    if (!here) throw new Error('a has no region')
    this.here = here
  }

  static async of(): Promise<Notes> {
    const world = await RegionWorld.of('a b', { handoffTimeoutMs: 200, stopTimeoutMs: 100 })
    const notes = new Notes(world)
    world.give('notes', 0, 'a')
    await world.settle()
    return notes
  }

  #entity({ entityId, epoch }: EntityContext<Note>): Behavior<Note> {
    return Behaviors.receive<Note>(({ number, hangs }) => {
      this.handled.push(`${number}@${epoch}`)
      if (!hangs) return Behaviors.same
      return new Promise((resolve) => {
        this.#hanging.set(entityId, () => resolve(Behaviors.same))
      })
    })
  }

  letGo(entityId = 'x'): void {
    this.#hanging.get(entityId)?.()
  }

  /** One hangs, two wait behind it, and one waits for the life after that. */
  async fill(): Promise<void> {
    this.here.tell('x', { number: 1, hangs: true })
    this.here.tell('x', { number: 2 })
    this.here.tell('x', { number: 3 })
    await this.world.settle()
    this.here.passivate('x')
    this.here.tell('x', { number: 4 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const letGo of this.#hanging.values()) letGo()
    await this.world[Symbol.asyncDispose]()
  }
}

test('what an entity that was left behind did not come to goes before what came when it was about to stop', async () => {
  await using notes = await Notes.of()
  const { world, here, handled } = notes
  await notes.fill()
  // The coordinator hears late that the shard is free.
  world.lagOf = () => 50
  world.move('notes', 0, 'b')
  await world.until(() => here.statistics().leftBehind === 1)
  notes.letGo()
  here.tell('x', { number: 5 })
  await world.until(() => world.ownerOf('notes', 0) === 'b' && handled.length >= 5)
  expect(handled).toEqual(['1@1', '2@2', '3@2', '4@2', '5@2'])
  expect(world.node('a').lost).toEqual([])
})

test('what an entity did not come to is lost where it stops after its shard has gone on, and what was sent later keeps its order', async () => {
  await using notes = await Notes.of()
  const { world, here, handled } = notes
  await notes.fill()
  world.move('notes', 0, 'b')
  await world.until(() => world.ownerOf('notes', 0) === 'b')
  here.tell('x', { number: 5 })
  await world.until(() => handled.length === 3)
  // It is about to move again, so that messages wait here once more.
  world.move('notes', 0, 'a')
  await world.settle(1)
  notes.letGo()
  here.tell('x', { number: 6 })
  await world.until(() => handled.length >= 4)
  expect(handled).toEqual(['1@1', '4@2', '5@2', '6@3'])
  const dead = world.node('a').lost.map((line) => line.replace(/ \S+: /, ' '))
  expect(dead).toEqual(['stopped {"number":2}', 'stopped {"number":3}'])
})

test('what a former life did not come to is not for the next owner, also where its shard came back and moves again', async () => {
  await using notes = await Notes.of()
  const { world, here, handled } = notes
  await notes.fill()
  world.move('notes', 0, 'b')
  await world.until(() => world.ownerOf('notes', 0) === 'b')
  world.move('notes', 0, 'a')
  await world.until(() => world.ownerOf('notes', 0) === 'a' && handled.length === 2)
  // A neighbour that hangs keeps the shard here, where the former life is not over yet.
  here.tell('y', { number: 0, hangs: true })
  here.tell('x', { number: 5 })
  await world.settle()
  world.move('notes', 0, 'b')
  await world.until(() => here.statistics().forced === 3)
  notes.letGo()
  await world.until(() => world.ownerOf('notes', 0) === 'b' && handled.length >= 4)
  expect(handled).toEqual(['1@1', '4@2', '0@3', '5@4'])
  const dead = world.node('a').lost.map((line) => line.replace(/ \S+: /, ' '))
  expect(dead).toEqual(['stopped {"number":2}', 'stopped {"number":3}'])
})

test('an entity that was left behind goes on where its shard does not move after all', async () => {
  await using notes = await Notes.of()
  const { world, here, handled } = notes
  await notes.fill()
  world.move('notes', 0, 'b')
  await world.until(() => here.statistics().leftBehind === 1)
  world.set('notes', 0, { ...world.rowOf('notes', 0), movingTo: undefined })
  here.tell('x', { number: 5 })
  await world.settle()
  expect(handled).toEqual(['1@1'])
  notes.letGo()
  await world.until(() => handled.length >= 5)
  expect(handled).toEqual(['1@1', '2@1', '3@1', '4@1', '5@1'])
  expect(here.statistics()).toMatchObject({ entities: 1, waiting: 0, dropped: {} })
})
