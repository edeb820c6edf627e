import { expect, test } from 'vitest'
import { ActorSystem, Behaviors, oneForOne, type ActorRef, type Behavior } from '../src/index.ts'

type Ask = { readonly type: 'get'; readonly replyTo: ActorRef<number> }
type Counting = { readonly type: 'add'; readonly amount: number } | Ask

function counter(count: number): Behavior<Counting> {
  return Behaviors.receive((message) => {
    switch (message.type) {
      case 'add':
        return counter(count + message.amount)
      case 'get':
        message.replyTo.tell(count)
        return Behaviors.same
    }
  })
}
const get = (replyTo: ActorRef<number>): Ask => ({ type: 'get', replyTo })

test('counts', async () => {
  await using system = new ActorSystem()
  const ref = system.spawn(counter(0), { name: 'counter' })
  for (let i = 0; i < 1000; i++) ref.tell({ type: 'add', amount: 1 })
  expect(await system.ask(ref, get)).toBe(1000)
  expect(ref.path).toBe('/counter')
})

test('restarts', async () => {
  await using system = new ActorSystem()
  const events: string[] = []
  system.subscribe((event) => events.push(event.type))
  const ref = system.spawn(
    Behaviors.supervise(
      Behaviors.setup<Counting>(() =>
        Behaviors.receive((message) => {
          if (message.type === 'add') throw new Error('no')
          message.replyTo.tell(7)
        }),
      ),
      oneForOne({ maxRestarts: 1 }),
    ),
  )
  ref.tell({ type: 'add', amount: 1 })
  expect(await system.ask(ref, get)).toBe(7)
  ref.tell({ type: 'add', amount: 1 })
  await expect(system.ask(ref, get)).rejects.toMatchObject({ code: 'CASTY_ACTOR_ASK_UNANSWERED' })
  expect(events).toEqual(['actor-started','actor-failed','dead-letter'])
})

test('finds cycles', async () => {
  await using system = new ActorSystem()
  type Go = { replyTo: ActorRef<string> }
  let b: ActorRef<Go>
  const a = system.spawn<Go>(Behaviors.receive(async ({ replyTo }, context) => {
    replyTo.tell(await context.ask(b, (to: ActorRef<string>) => ({ replyTo: to })))
  }), { name: 'a' })
  b = system.spawn<Go>(Behaviors.receive(async ({ replyTo }, context) => {
    try { await context.ask(a, (to: ActorRef<string>) => ({ replyTo: to })) } catch (e) { replyTo.tell(String(e)) }
  }), { name: 'b' })
  expect(await system.ask(a, (to: ActorRef<string>) => ({ replyTo: to }))).toBe('x')
})
