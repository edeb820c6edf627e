import { describe, expect, test } from 'vitest'
import { Behaviors, type ActorRef, type Behavior } from '../src/index.ts'
import { gate, TestSystem } from './probe.ts'

interface Question {
  readonly about: string
  readonly replyTo: ActorRef<string>
}

function about(text: string): (replyTo: ActorRef<string>) => Question {
  return (replyTo) => ({ about: text, replyTo })
}

const answering: Behavior<Question> = Behaviors.receive((question) => {
  if (question.about === 'fail') throw new Error('no')
  if (question.about === 'what?') return Behaviors.unhandled
  if (question.about !== 'nothing') question.replyTo.tell(`${question.about}!`)
  if (question.about === 'twice') question.replyTo.tell('again')
  return Behaviors.same
})

describe('A question', () => {
  test('is answered', async () => {
    await using system = new TestSystem()
    expect(await system.ask(system.spawn(answering), about('hello'))).toBe('hello!')
  })

  test('is waited for as long as was said, and a later answer is a dead letter', async () => {
    await using system = new TestSystem()
    const late = gate()
    const ref = system.spawn<Question>(
      Behaviors.receive(async ({ replyTo }) => {
        await late.promise
        replyTo.tell('late')
      }),
      { name: 'a' },
    )
    const asked = system.ask(ref, about('x'), { timeoutMs: 100 })
    const told = expect(asked).rejects.toMatchObject({ code: 'CASTY_ACTOR_ASK_TIMEOUT' })
    await system.pass(100)
    await told
    late.open()
    await system.idle()
    expect(system.lost).toEqual(['late-answer /a?: late'])
  })

  test('is given up with the signal', async () => {
    await using system = new TestSystem()
    const controller = new AbortController()
    const ref = system.spawn(answering)
    const asked = system.ask(ref, about('nothing'), { signal: controller.signal })
    const told = expect(asked).rejects.toBe('enough')
    await system.idle()
    controller.abort('enough')
    await told
    await expect(system.ask(ref, about('x'), { signal: controller.signal })).rejects.toBe('enough')
  })

  test('has one answer', async () => {
    await using system = new TestSystem()
    expect(await system.ask(system.spawn(answering), about('twice'))).toBe('twice!')
    expect(system.deadLetters).toEqual({ 'late-answer': 1 })
  })

  test.each([
    ['fail', /it failed on that message/],
    ['what?', /does not handle that message/],
  ])('is known to have no answer at once (%s)', async (text, why) => {
    await using system = new TestSystem()
    const asked = system.ask(system.spawn(answering), about(text))
    const error = {
      code: 'CASTY_ACTOR_ASK_UNANSWERED',
      message: expect.stringMatching(why) as unknown,
    }
    await expect(asked).rejects.toMatchObject(error)
  })

  test('that somebody failed on tells what was thrown', async () => {
    await using system = new TestSystem()
    const asked = system.ask(system.spawn(answering), about('fail'))
    await expect(asked).rejects.toMatchObject({ reason: 'failed', cause: new Error('no') })
  })

  test('to a ref that adapts ends at once where it cannot be adapted', async () => {
    await using system = new TestSystem()
    const translate = (): string => {
      throw new Error('no')
    }
    const adapting = system.spawn<string | ActorRef<ActorRef<Question>>>(
      Behaviors.receive((message, context) => {
        if (typeof message !== 'string') message.tell(context.adapt(translate))
      }),
    )
    const adapted = await system.ask(adapting, (replyTo: ActorRef<ActorRef<Question>>) => replyTo)
    const asked = system.ask(adapted, about('x'))
    await expect(asked).rejects.toMatchObject({ reason: 'failed', cause: new Error('no') })
  })

  test('to one who has stopped is known to have none, or who stops before its turn', async () => {
    await using system = new TestSystem()
    const ref = system.spawn<Question | 'stop'>(
      Behaviors.receive((message) => (message === 'stop' ? Behaviors.stopped : undefined)),
    )
    ref.tell('stop')
    const why = {
      code: 'CASTY_ACTOR_ASK_UNANSWERED',
      message: expect.stringMatching(/has stopped/) as unknown,
    }
    await expect(system.ask(ref, about('x'))).rejects.toMatchObject(why)
    await expect(system.ask(ref, about('x'))).rejects.toMatchObject(why)
  })
})

describe('Actors that ask each other', () => {
  /** Asks the next one, and answers with its answer. */
  function relay(next: () => ActorRef<Question>): Behavior<Question> {
    return Behaviors.receive(async ({ replyTo }, context) => {
      replyTo.tell(await context.ask(next(), about('x')))
    })
  }

  test('in a circle are told so at once, with the way around', async () => {
    await using system = new TestSystem()
    const refs = new Map<string, ActorRef<Question>>()
    const ref = (name: string): ActorRef<Question> =>
      refs.get(name) ?? system.spawn<Question>(Behaviors.ignore)
    for (const [name, next] of ['ab', 'bc', 'ca'].map(
      ([name = '', next = '']) => [name, next] as const,
    ))
      refs.set(
        name,
        system.spawn(
          relay(() => ref(next)),
          { name },
        ),
      )
    const unanswered = { code: 'CASTY_ACTOR_ASK_UNANSWERED' }
    await expect(system.ask(ref('a'), about('x'))).rejects.toMatchObject(unanswered)
    const cycle = system.events.find(
      (event) =>
        event.type === 'actor-failed' && String(event.error).includes('/a asks /b asks /c asks /a'),
    )
    expect(cycle).toBeDefined()
  })

  test('are not taken for a circle where the first goes on meanwhile', async () => {
    await using system = new TestSystem()
    type Message =
      | Question
      | { readonly type: 'answered'; readonly answer: string; readonly to: ActorRef<string> }
    const other: { ref?: ActorRef<Question> } = {}
    const first = system.spawn<Message>(
      Behaviors.receive((message, context) => {
        if ('type' in message) message.to.tell(message.answer)
        else if (message.about === 'back') message.replyTo.tell('here')
        else if (other.ref) {
          const { replyTo } = message
          context.pipeToSelf(context.ask(other.ref, about('x')), (answer: string) => ({
            type: 'answered',
            answer,
            to: replyTo,
          }))
        }
      }),
    )
    other.ref = system.spawn<Question>(
      Behaviors.receive(async ({ replyTo }, context) => {
        replyTo.tell(await context.ask(first, about('back')))
      }),
    )
    expect(await system.ask(first, about('x'))).toBe('here')
  })
})

test('What is asked needs no types but those of the answer', async () => {
  await using system = new TestSystem()
  type Message =
    | { readonly type: 'get'; readonly replyTo: ActorRef<number> }
    | { readonly type: 'set' }
  const ref = system.spawn<Message>(
    Behaviors.receive((message) => {
      if (message.type === 'get') message.replyTo.tell(7)
    }),
  )
  const answer = await system.ask(ref, (replyTo: ActorRef<number>) => ({ type: 'get', replyTo }))
  expect(answer + 1).toBe(8)
})

test('Who has an answer sent as a message may be asked back, though he waits for something else', async () => {
  await using system = new TestSystem()
  const slow = gate()
  const other: { ref?: ActorRef<Question> } = {}
  const first = system.spawn<Question | string>(
    Behaviors.receive((message, context) => {
      if (typeof message === 'string' || !other.ref) return undefined
      if (message.about === 'back') {
        message.replyTo.tell('here')
        return undefined
      }
      context.pipeToSelf(context.ask(other.ref, about('x')), (answer: string) => answer)
      return slow.promise
    }),
  )
  const answers: string[] = []
  other.ref = system.spawn<Question>(
    Behaviors.receive(async (_question, context) => {
      answers.push(await context.ask(first, about('back')))
    }),
  )
  first.tell({ about: 'x', replyTo: system.spawn<string>(Behaviors.ignore) })
  await system.idle()
  slow.open()
  await system.idle()
  expect(answers).toEqual(['here'])
})

describe('An actor that asks itself', () => {
  test('and waits for the answer is told so at once', async () => {
    await using system = new TestSystem()
    const ref = system.spawn<Question>(
      Behaviors.receive(async ({ about: text, replyTo }, context) => {
        if (text === 'inner') replyTo.tell('inner!')
        else replyTo.tell(await context.ask(context.self, about('inner')))
      }),
      { name: 'a' },
    )
    const asked = system.ask(ref, about('x'))
    await expect(asked).rejects.toMatchObject({ code: 'CASTY_ACTOR_ASK_UNANSWERED' })
    expect(system.events).toContainEqual(
      expect.objectContaining({
        type: 'actor-failed',
        error: expect.objectContaining({ code: 'CASTY_ACTOR_ASK_CYCLE' }) as unknown,
      }),
    )
  })

  test('and has the answer sent as a message is answered, though it waits for something else', async () => {
    await using system = new TestSystem()
    const slow = gate()
    const log: string[] = []
    type Message = Question | string
    const ref = system.spawn<Message>(
      Behaviors.receive((message, context) => {
        if (typeof message === 'string') log.push(message)
        else if (message.about === 'inner') message.replyTo.tell('inner!')
        else {
          context.pipeToSelf(context.ask(context.self, about('inner')), (answer: string) => answer)
          return slow.promise
        }
        return undefined
      }),
    )
    ref.tell({ about: 'x', replyTo: system.spawn<string>(Behaviors.ignore) })
    await system.idle()
    slow.open()
    await system.idle()
    expect(log).toEqual(['inner!'])
  })
})
