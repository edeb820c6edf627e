// A state machine needs no code of its own: each state is a behavior, and a transition is to return one.
import { expect, test } from 'vitest'
import { Behaviors, type Behavior } from '../src/index.ts'
import { TestSystem } from './probe.ts'

type Message = { readonly type: 'coin' } | { readonly type: 'push' } | { readonly type: 'too-late' }

function turnstile(log: string[]): Behavior<Message> {
  const locked = (): Behavior<Message> =>
    Behaviors.receive(({ type }) => {
      log.push(`locked: ${type}`)
      return type === 'coin' ? unlocked() : Behaviors.same
    })
  const unlocked = (): Behavior<Message> =>
    Behaviors.setup(({ timers }) => {
      timers.startOnce('lock', { type: 'too-late' }, 5_000)
      return Behaviors.receive(({ type }) => {
        log.push(`unlocked: ${type}`)
        if (type === 'coin') return Behaviors.unhandled
        timers.cancel('lock')
        return locked()
      })
    })
  return locked()
}

test('An actor that becomes another behavior with each state is a state machine', async () => {
  await using system = new TestSystem()
  const log: string[] = []
  const ref = system.spawn(turnstile(log))
  for (const type of ['push', 'coin', 'coin', 'push', 'push', 'coin'] as const) ref.tell({ type })
  await system.pass(5_000)
  expect(log).toEqual([
    'locked: push',
    'locked: coin',
    'unlocked: coin',
    'unlocked: push',
    'locked: push',
    'locked: coin',
    'unlocked: too-late',
  ])
  expect(system.deadLetters).toEqual({ unhandled: 1 })
})
