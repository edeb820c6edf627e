// Children that fail while others do, while their parent waits, or while it begins anew.
import { describe, expect, test } from 'vitest'
import { allForOne, Behaviors, oneForOne, type ActorRef, type Behavior } from '../src/index.ts'
import { gate, TestSystem, writing } from './probe.ts'

const failing: Behavior<unknown> = Behaviors.receive((message) => {
  if (message === 'fail') throw new Error('fail')
})

describe('A parent that waits for a promise', () => {
  test('still decides over a child that failed: it may be what it waits for', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    type Question = { readonly replyTo: ActorRef<string> }
    const parent = system.spawn<string>(
      Behaviors.superviseChildren(
        Behaviors.setup((context) => {
          const child = context.spawn<Question | 'fail'>(
            Behaviors.receive((message) => {
              if (message === 'fail') throw new Error(message)
              message.replyTo.tell('answer')
            }),
          )
          return Behaviors.receive(async () => {
            child.tell('fail')
            log.push(await context.ask<Question, string>(child, (replyTo) => ({ replyTo })))
          })
        }),
        oneForOne(),
      ),
    )
    parent.tell('go')
    await system.idle()
    expect(log).toEqual(['answer'])
  })

  test('fails with a child only when it waits no more', async () => {
    await using system = new TestSystem()
    const log: string[] = []
    const slow = gate()
    const behavior = Behaviors.superviseChildren(
      Behaviors.setup<string>((context) => {
        log.push('set up')
        const child = context.spawn(failing, { name: 'child' })
        return Behaviors.receive(async () => {
          child.tell('fail')
          await slow.promise
          log.push('handled')
        })
      }),
      oneForOne({ decide: () => 'escalate' }),
    )
    const ref = system.spawn(Behaviors.supervise(behavior, oneForOne()), { name: 'a' })
    ref.tell('go')
    await system.idle()
    expect(log).toEqual(['set up'])
    slow.open()
    await system.idle()
    expect(log).toEqual(['set up', 'handled', 'set up'])
    expect(system.lost).toEqual(['failed /a/child: fail'])
  })

  test('waits no longer when it is to begin anew', async () => {
    await using system = new TestSystem()
    const reasons: unknown[] = []
    const family = Behaviors.superviseChildren(
      Behaviors.setup<unknown>((context) => {
        const waiting = context.spawn<string>(
          Behaviors.receive(async (_message, { signal }) => {
            await new Promise<void>((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                reasons.push('aborted')
                reject(signal.reason)
              })
            })
          }),
          { name: 'waiting' },
        )
        waiting.tell('wait')
        context.spawn(failing, { name: 'failing' }).tell('fail')
        return Behaviors.ignore
      }),
      allForOne(),
    )
    system.spawn(family, { name: 'p' })
    await system.idle()
    expect(reasons).toEqual(['aborted'])
    expect(system.story.filter((line) => line !== 'failed /p/failing')).toEqual([
      'started /p',
      'started /p/waiting',
      'started /p/failing',
      'restarted /p/failing',
      'restarted /p/waiting',
    ])
  })
})

describe('Children that fail together', () => {
  test('begin anew once', async () => {
    await using system = new TestSystem()
    system.spawn(
      Behaviors.superviseChildren(
        Behaviors.setup<unknown>((context) => {
          for (const name of ['one', 'two']) context.spawn(failing, { name }).tell('fail')
          return Behaviors.ignore
        }),
        allForOne(),
      ),
      { name: 'p' },
    )
    await system.idle()
    expect(system.story.filter((line) => line.startsWith('restarted')).toSorted()).toEqual([
      'restarted /p/one',
      'restarted /p/two',
    ])
  })

  test('do not bring back a sibling that stops', async () => {
    await using system = new TestSystem()
    const slow = gate()
    const ref = system.spawn<string>(
      Behaviors.superviseChildren(
        Behaviors.setup((context) => {
          const stopping = context.spawn(
            Behaviors.withLifecycle(Behaviors.ignore, { postStop: () => slow.promise }),
            { name: 'stopping' },
          )
          const other = context.spawn(failing, { name: 'other' })
          return Behaviors.receive(() => {
            context.stop(stopping)
            other.tell('fail')
          })
        }),
        allForOne(),
      ),
      { name: 'p' },
    )
    ref.tell('go')
    await system.idle()
    slow.open()
    await system.idle()
    expect(system.story.slice(-3)).toEqual([
      'failed /p/other',
      'restarted /p/other',
      'stopped /p/stopping',
    ])
  })

  test('have their end, where the failure is their parent’s and that one goes on', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const family = Behaviors.superviseChildren(
      Behaviors.setup<unknown>((context) => {
        for (const name of ['one', 'two']) context.spawn(failing, { name }).tell('fail')
        return writing(log)
      }),
      oneForOne({ decide: () => 'escalate' }),
    )
    const top = Behaviors.superviseChildren(
      Behaviors.setup<unknown>((context) => {
        context.spawn(family, { name: 'family' }).tell('x')
        return Behaviors.ignore
      }),
      oneForOne({ decide: () => 'resume' }),
    )
    system.spawn(top, { name: 't' })
    await system.idle()
    expect(log).toEqual(['x'])
    expect(system.story.filter((line) => line.startsWith('stopped')).toSorted()).toEqual([
      'stopped /t/family/one',
      'stopped /t/family/two',
    ])
  })

  test('do not end a parent that waits for its other children to stop', async () => {
    await using system = new TestSystem()
    const slow = gate()
    const ref = system.spawn<string>(
      Behaviors.superviseChildren(
        Behaviors.setup((context) => {
          const child = context.spawn(failing, { name: 'failing' })
          context.spawn(
            Behaviors.withLifecycle(Behaviors.ignore, { postStop: () => slow.promise }),
            { name: 'slow' },
          )
          return Behaviors.receive(() => {
            child.tell('fail')
            return Behaviors.stopped
          })
        }),
        oneForOne({ decide: () => 'escalate' }),
      ),
      { name: 'p' },
    )
    ref.tell('go')
    await system.idle()
    slow.open()
    await system.idle()
    expect(system.story.slice(-2)).toEqual(['stopped /p/slow', 'stopped /p'])
    expect(system.story.filter((line) => line === 'stopped /p')).toHaveLength(1)
  })

  test('that were never set up cannot go on', async () => {
    await using system = new TestSystem()
    const broken = Behaviors.setup<unknown>(() => {
      throw new Error('no')
    })
    system.spawn(
      Behaviors.superviseChildren(
        Behaviors.setup<unknown>((context) => {
          context.spawn(broken, { name: 'broken' })
          return Behaviors.ignore
        }),
        oneForOne({ decide: () => 'resume' }),
      ),
      { name: 'p' },
    )
    await system.idle()
    expect(system.story.at(-1)).toBe('stopped /p/broken')
  })
})

describe('A strategy that', () => {
  test.each<[string, () => 'stop']>([
    [
      'throws',
      () => {
        throw new Error('undecided')
      },
    ],
    ['decides nothing', () => 'perhaps' as 'stop'],
  ])('%s stops the actor', async (_case, decide) => {
    await using system = new TestSystem()
    const ref = system.spawn(Behaviors.supervise(failing, oneForOne({ decide })), { name: 'a' })
    ref.tell('fail')
    await system.idle()
    expect(system.story.at(-1)).toBe('stopped /a')
  })
})
