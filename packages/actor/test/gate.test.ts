import { describe, expect, test } from 'vitest'
import { Behaviors, type Behavior, type Gate } from '../src/index.ts'
import { TestSystem, writing } from './probe.ts'

class TestGate implements Gate {
  open = false
  asked = 0
  readonly #listeners = new Set<() => void>()

  isOpen(): boolean {
    this.asked++
    return this.open
  }

  subscribe(opened: () => void): Disposable {
    this.#listeners.add(opened)
    return { [Symbol.dispose]: () => void this.#listeners.delete(opened) }
  }

  get listeners(): number {
    return this.#listeners.size
  }

  set(open: boolean): void {
    this.open = open
    if (open) for (const opened of this.#listeners) opened()
  }
}

function parent(log: unknown[]): Behavior<string> {
  return Behaviors.setup((context) => {
    log.push('set up')
    const child = context.spawn(writing(log), { name: 'child' })
    return Behaviors.receive((message) => {
      log.push(message)
      child.tell(`${message} below`)
    })
  })
}

describe('An actor behind a gate', () => {
  test('is not set up before it opens', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const gate = new TestGate()
    const ref = system.spawn(parent(log), { gate })
    ref.tell('a')
    await system.idle()
    expect(log).toEqual([])
    gate.set(true)
    await system.idle()
    expect(log).toEqual(['set up', 'a', 'a below'])
  })

  test('handles nothing while it is closed, and neither do those below', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const gate = new TestGate()
    gate.open = true
    const ref = system.spawn(parent(log), { name: 'a', gate })
    await system.idle()
    gate.set(false)
    ref.tell('a')
    system.lookup('/a/child')?.tell('child' as never)
    await system.idle()
    expect(log).toEqual(['set up'])
    expect(gate.listeners).toBe(1)
    gate.set(true)
    await system.idle()
    expect(new Set(log)).toEqual(new Set(['set up', 'a', 'a below', 'child']))
    expect(gate.listeners).toBe(0)
  })

  test('asks before each message, at that very moment', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const gate = new TestGate()
    gate.open = true
    const ref = system.spawn<string>(
      Behaviors.receive((message) => {
        log.push(message)
        if (message === 'close') gate.set(false)
      }),
      { gate },
    )
    for (const message of ['a', 'close', 'b']) ref.tell(message)
    await system.idle()
    expect(log).toEqual(['a', 'close'])
  })

  test('hears of timers and of ends when it opens again', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const gate = new TestGate()
    gate.open = true
    const other = system.spawn(Behaviors.ignore)
    system.spawn<string>(
      Behaviors.setup((context) => {
        context.watch(other)
        context.timers.startOnce('tick', 'tick', 100)
        return Behaviors.receive<string>(
          (message) => void log.push(message),
          (signal) => void log.push(signal.type),
        )
      }),
      { gate },
    )
    await system.idle()
    gate.set(false)
    await system.stop(other)
    await system.pass(1_000)
    expect(log).toEqual([])
    gate.set(true)
    await system.idle()
    expect(log).toEqual(['terminated', 'tick'])
  })

  test('can be stopped while it is closed, and what waits is a dead letter', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const gate = new TestGate()
    gate.open = true
    const ref = system.spawn(parent(log), { name: 'a', gate })
    await system.idle()
    gate.set(false)
    ref.tell('late')
    await system.idle()
    await system.stop(ref)
    expect(system.lost).toEqual(['stopped /a: late'])
    expect(system.lookup('/a/child')).toBe(undefined)
    expect(gate.listeners).toBe(0)
  })

  test('can be stopped before it was set up', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const gate = new TestGate()
    const ref = system.spawn(parent(log), { name: 'a', gate })
    await system.idle()
    await system.stop(ref)
    const early = system.spawn(parent(log), { gate })
    await system.stop(early)
    expect(log).toEqual([])
    expect(gate.listeners).toBe(0)
  })

  test('begins anew only when it opens', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const gate = new TestGate()
    gate.open = true
    const ref = system.spawn<string>(
      Behaviors.setup(() => {
        log.push('set up')
        return Behaviors.receive((message) => {
          log.push(message)
          if (message === 'restart') gate.set(false)
          return message === 'restart' ? Behaviors.restart : Behaviors.same
        })
      }),
      { gate },
    )
    for (const message of ['restart', 'b']) ref.tell(message)
    await system.idle()
    expect(log).toEqual(['set up', 'restart'])
    gate.set(true)
    await system.idle()
    expect(log).toEqual(['set up', 'restart', 'set up', 'b'])
  })

  test('below another gate acts only while both are open', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const [outer, inner] = [new TestGate(), new TestGate()]
    outer.open = true
    system.spawn(
      Behaviors.setup((context) => {
        context.spawn(writing(log), { name: 'inner', gate: inner }).tell('x')
        return Behaviors.ignore
      }),
      { name: 'outer', gate: outer },
    )
    await system.idle()
    outer.set(false)
    inner.set(true)
    await system.idle()
    expect(log).toEqual([])
    outer.set(true)
    await system.idle()
    expect(log).toEqual(['x'])
  })

  test('does not act where the gate throws', async () => {
    await using system = new TestSystem()
    const log: unknown[] = []
    const gate: Gate = {
      isOpen: () => {
        throw new Error('no')
      },
      subscribe: () => ({ [Symbol.dispose]: () => {} }),
    }
    system.spawn(writing(log), { gate }).tell('x')
    await system.idle()
    expect(log).toEqual([])
  })
})

test('others do not meet the gate', async () => {
  await using system = new TestSystem()
  const log: unknown[] = []
  const gate = new TestGate()
  system.spawn(writing([]), { gate })
  system.spawn(writing(log)).tell('x')
  await system.idle()
  expect(log).toEqual(['x'])
})

test('what is no gate is refused', async () => {
  await using system = new TestSystem()
  const gate = { isOpen: true } as unknown as Gate
  const code = 'CASTY_ACTOR_INVALID_OPTION'
  expect(() => system.spawn(writing([]), { gate })).toThrow(expect.objectContaining({ code }))
})
