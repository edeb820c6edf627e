// A shard that stays where it is, under the next epoch: entities begin again, and what they had not come to is not lost.
import { Behaviors, type Behavior } from '@casty/actor'
import { expect, test } from 'vitest'
import type { EntityContext, EntityRegion } from '@casty/sharding'
import { RegionWorld } from './region-world.ts'

interface Note {
  readonly number: number
  /** Its handler waits until it is let go. */
  readonly hangs?: true
}

const kept = 'what it kept'

/** One shard, of which a is the owner. What was handled goes to `handled`, as `number@epoch`. */
class Notes {
  readonly world: RegionWorld
  readonly handled: string[] = []
  readonly #regions: ReadonlyMap<string, EntityRegion<Note>>
  #letGo: () => void = () => {}

  private constructor(world: RegionWorld) {
    this.world = world
    this.#regions = world.startType<Note>({
      name: 'notes',
      numShards: 1,
      idleTimeoutMs: Infinity,
      entity: (entity) => this.#entity(entity),
    })
  }

  static async of(): Promise<Notes> {
    const notes = new Notes(await RegionWorld.of('a b', { handoffTimeoutMs: 200 }))
    notes.world.give('notes', 0, 'a')
    await notes.world.settle()
    return notes
  }

  #entity(entity: EntityContext<Note>): Behavior<Note> {
    entity.handOver(() => kept)
    if (entity.handedOver === kept) this.handled.push(`${kept}@${entity.epoch}`)
    return Behaviors.receive<Note>(({ number, hangs }) => {
      this.handled.push(`${number}@${entity.epoch}`)
      if (!hangs) return Behaviors.same
      return new Promise((resolve) => {
        this.#letGo = () => resolve(Behaviors.same)
      })
    })
  }

  at(host: string): EntityRegion<Note> {
    const region = this.#regions.get(host)
    if (!region) throw new Error(`No region at ${host}`)
    return region
  }

  /** The first one hangs. */
  async tell(host: string, ...numbers: readonly number[]): Promise<void> {
    for (const number of numbers) {
      this.at(host).tell('x', { number, ...(number === 1 && { hangs: true }) })
    }
    await this.world.settle()
  }

  async raise(): Promise<void> {
    this.world.give('notes', 0, 'a')
    await this.world.settle()
  }

  /** Until so many were handled. */
  async letGo(count: number): Promise<void> {
    this.#letGo()
    await this.world.until(() => this.handled.length >= count)
  }

  get lost(): readonly string[] {
    return this.world.node('a').lost.map((line) => line.replace(/ \S+: /, ' '))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#letGo()
    await this.world[Symbol.asyncDispose]()
  }
}

test.each(['a', 'b'])(
  'what an entity has not come to is handled by its next life (sent by %s)',
  async (host) => {
    await using notes = await Notes.of()
    await notes.tell(host, 1, 2, 3)
    await notes.raise()
    await notes.tell(host, 4)
    await notes.letGo(4)
    expect(notes.handled).toEqual(['1@1', '2@2', '3@2', '4@2'])
    expect(notes.lost).toEqual([])
    expect(notes.at('a').statistics()).toMatchObject({ entities: 1, waiting: 0, dropped: {} })
  },
)

test('what an entity has not come to keeps its order where the epoch rises again before that one has stopped', async () => {
  await using notes = await Notes.of()
  await notes.tell('a', 1, 2)
  notes.at('a').passivate('x')
  await notes.tell('a', 3)
  await notes.raise()
  await notes.tell('a', 4)
  await notes.raise()
  await notes.tell('a', 5)
  await notes.letGo(5)
  expect(notes.handled).toEqual(['1@1', '2@3', '3@3', '4@3', '5@3'])
  expect(notes.lost).toEqual([])
})

test('what an entity has not come to is lost where somebody else may have had its shard meanwhile', async () => {
  await using notes = await Notes.of()
  const { world } = notes
  await notes.tell('a', 1, 2)
  const row = world.rowOf('notes', 0)
  world.set('notes', 0, { ...row, epoch: row.epoch + 2 })
  await world.settle()
  await notes.tell('a', 3)
  await notes.letGo(2)
  expect(notes.handled).toEqual(['1@1', '3@3'])
  expect(notes.lost).toEqual(['stopped {"number":2}'])
})

test('what an entity left for the next owner is there where its shard does not move after all', async () => {
  await using notes = await Notes.of()
  const { world } = notes
  await notes.tell('a', 2)
  // A neighbour that hangs keeps the shard here.
  notes.at('a').tell('y', { number: 1, hangs: true })
  await world.settle()
  world.move('notes', 0, 'b')
  await world.until(() => notes.at('a').statistics().entities === 1)
  const row = world.rowOf('notes', 0)
  world.set('notes', 0, { ...row, movingTo: undefined, epoch: row.epoch + 1 })
  await notes.tell('a', 3)
  expect(notes.handled).toEqual(['2@1', '1@1', 'what it kept@2', '3@2'])
  expect(notes.lost).toEqual([])
})

test('nobody else has a shard before the former lives of its entities have ended here', async () => {
  await using notes = await Notes.of()
  const { world } = notes
  await notes.tell('a', 1)
  await notes.raise()
  world.move('notes', 0, 'b')
  await notes.tell('b', 2)
  expect(notes.handled).toEqual(['1@1'])
  expect(world.rowOf('notes', 0).owner?.address.host).toBe('a')
  await notes.letGo(2)
  expect(notes.handled).toEqual(['1@1', '2@3'])
  expect(notes.lost).toEqual([])
})

test('former lives that do not end are left behind, and counted', async () => {
  await using notes = await Notes.of()
  const { world } = notes
  await notes.tell('a', 1)
  await notes.raise()
  world.move('notes', 0, 'b')
  await notes.tell('b', 2)
  await world.until(() => notes.handled.length === 2)
  expect(notes.handled).toEqual(['1@1', '2@3'])
  expect(notes.at('a').statistics().leftBehind).toBe(1)
})

test('what a former life has not come to is handled where its shard is about to move as well', async () => {
  await using notes = await Notes.of()
  const { world } = notes
  await notes.tell('a', 1, 2)
  await notes.raise()
  world.move('notes', 0, 'b')
  await notes.tell('b', 3)
  await notes.letGo(4)
  expect(notes.handled).toEqual(['1@1', '2@2', 'what it kept@3', '3@3'])
  expect(notes.lost).toEqual([])
})
