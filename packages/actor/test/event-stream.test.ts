import { describe, expect, test } from 'vitest'
import { Behaviors, EventStream, type Behavior, type SystemEvent } from '../src/index.ts'
import { TestSystem, writing } from './probe.ts'

type Event = { readonly type: 'opened'; readonly door: number } | { readonly type: 'closed' }

describe('An event stream', () => {
  test('tells listeners and actors what they want: all, one type, or what they say', async () => {
    await using system = new TestSystem()
    const stream = new EventStream<Event>()
    const log: unknown[] = []
    stream.subscribe((event) => log.push(`listener ${event.type}`))
    stream.subscribe('opened', ({ door }) => log.push(`door ${door}`))
    stream.subscribe(
      (event) => event.type === 'opened' && event.door > 1,
      () => log.push('above one'),
    )
    const told: unknown[] = []
    stream.subscribe('closed', system.spawn(writing(told)))
    for (const door of [1, 2]) stream.publish({ type: 'opened', door })
    stream.publish({ type: 'closed' })
    await system.idle()
    const lines = ['listener opened', 'door 1', 'listener opened', 'door 2', 'above one']
    expect(log).toEqual([...lines, 'listener closed'])
    expect(told).toEqual([{ type: 'closed' }])
  })

  test('drops an actor that stops, and whoever wants no more', async () => {
    await using system = new TestSystem()
    const stream = new EventStream<Event>()
    const ref = system.spawn<Event>(Behaviors.receive(() => Behaviors.stopped))
    stream.subscribe(ref)
    stream.subscribe(() => {})[Symbol.dispose]()
    expect(stream.size).toBe(1)
    stream.publish({ type: 'closed' })
    await system.idle()
    expect(stream.size).toBe(0)
    stream.subscribe(ref)
    expect(stream.size).toBe(0)
    expect(system.lost).toEqual([])
  })

  test('tells no event to one who comes, or goes, while it is told', () => {
    const stream = new EventStream<Event>()
    const log: string[] = []
    const later = stream.subscribe(() => log.push('later'))
    stream.subscribe(() => {
      later[Symbol.dispose]()
      stream.subscribe(() => log.push('new'))
    })
    const last = stream.subscribe(() => log.push('last'))
    stream.subscribe(() => last[Symbol.dispose]())
    stream.publish({ type: 'closed' })
    expect(log).toEqual(['later', 'last'])
    log.length = 0
    stream.publish({ type: 'closed' })
    expect(log).toEqual(['new'])
  })

  test('goes on when a listener throws, or an actor refuses messages', async () => {
    await using system = new TestSystem()
    const errors: unknown[] = []
    const stream = new EventStream<Event>({ onError: (error) => errors.push(error) })
    stream.subscribe(() => {
      throw new Error('no')
    })
    const mailbox = { capacity: 1, overflow: 'reject' } as const
    stream.subscribe(system.spawn(Behaviors.ignore, { mailbox }))
    const log: unknown[] = []
    stream.subscribe((event) => log.push(event.type))
    for (let count = 0; count < 2; count++) stream.publish({ type: 'closed' })
    expect(log).toEqual(['closed', 'closed'])
    expect(errors).toHaveLength(2)
    expect(system.deadLetters).toEqual({ 'mailbox-full': 1 })
  })
})

describe('The events of a system', () => {
  test('go to actors as well', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    system.eventStream.subscribe('actor-stopped', system.spawn(writing(log)))
    const ref = system.spawn(Behaviors.ignore, { name: 'a' })
    await system.stop(ref)
    await system.idle()
    expect(log).toEqual([{ type: 'actor-stopped', ref, ending: 'stopped' }])
  })

  test.each<[string, Behavior<SystemEvent>]>([
    ['does not handle it', Behaviors.receive(() => Behaviors.unhandled)],
    ['is full', Behaviors.setup(() => new Promise(() => {}))],
  ])('do not go round for ever when who hears of dead letters %s', async (_case, behavior) => {
    const system = new TestSystem()
    const hearer = system.spawn(behavior, { mailbox: { capacity: 1 } })
    system.eventStream.subscribe('dead-letter', hearer)
    const ref = system.spawn<string>(Behaviors.receive(() => Behaviors.unhandled))
    for (let count = 0; count < 3; count++) ref.tell('x')
    await system.idle()
    expect(system.deadLetters['unhandled']).toBeGreaterThanOrEqual(3)
    expect(system.events.length).toBeLessThan(20)
  })
})
