import { describe, expect, test } from 'vitest'
import { hostOf, World, type SimulatedProcess } from '../../src/index.ts'
import { talker, talkers, type Talker } from './talker.ts'

const forth = { from: 'a', to: 'b' }

describe('starting', () => {
  test('gives each host a process at an address of its own', async () => {
    const world = await talkers('a b')
    expect(world.processes.map(String)).toEqual(['a', 'b'])
    expect(String(talker(world, 'b').surroundings.address)).toBe('b:1')
  })

  test('does nothing where a process runs', async () => {
    const world = await talkers('a b')
    const before = world.running('a')
    world.start('a')
    expect(world.running('a')).toBe(before)
    expect(world.everStarted).toHaveLength(2)
  })

  test('gives a host whose process ended a new life at the same address, with other draws', async () => {
    const world = await talkers('a b')
    const first = talker(world, 'b')
    world.crash('b')
    world.start('b')
    await world.run(0)
    const second = talker(world, 'b')
    expect(String(world.running('b'))).toBe('b, life 2')
    expect(second.surroundings.life).toBe(1)
    expect(second.surroundings.address).toEqual(first.surroundings.address)
    expect(second.surroundings.random()).not.toBe(first.surroundings.random())
    void talker(world, 'a').say('b', 'hello')
    await world.run(100)
    expect(second.heard).toHaveLength(1)
    expect(first.heard).toHaveLength(0)
  })

  test('that fails ends the process, and leaves its address free', async () => {
    let fails = true
    const world = new World<string>({
      seed: 1,
      hosts: [{ name: 'a' }],
      program: async ({ transport, address, clock }) => {
        await transport.listen(address, () => {})
        clock.schedule(1_000, () => {})
        if (fails) throw new Error('no disk')
        return 'started'
      },
    })
    world.start('a')
    const [process] = world.processes
    await world.run(0)
    expect(process?.end).toEqual({ how: 'failed', reason: 'Error: no disk', at: 0 })
    expect(process?.clock.pendingTimers).toBe(0)
    fails = false
    world.start('a')
    await world.run(0)
    expect(world.running('a')?.program).toBe('started')
  })

  test('that is cut short by a crash ends once', async () => {
    const ends: string[] = []
    const world = new World<never>({
      seed: 1,
      hosts: [{ name: 'a' }],
      program: async () => {
        throw new Error('killed meanwhile')
      },
    })
    world.listen({ ended: ({ end }) => ends.push(end?.how ?? '') })
    world.start('a')
    world.crash('a')
    await world.run(0)
    expect(ends).toEqual(['crashed'])
  })
})

describe('a crash', () => {
  test('resets connections, and whoever dials is refused', async () => {
    const world = await talkers('a b c')
    void talker(world, 'a').say('b', 'hello')
    await world.run(100)
    world.crash('b')
    const dialled = talker(world, 'c').say('b', 'hello')
    void dialled.catch(() => {})
    await world.run(100)
    expect(talker(world, 'a').closed).toEqual(['reset'])
    await expect(dialled).rejects.toMatchObject({
      code: 'CASTY_TRANSPORT_DIAL_FAILED',
      failure: 'refused',
    })
  })

  test('stops every timer of the process', async () => {
    const world = await talkers('a b')
    const { clock } = talker(world, 'b').surroundings
    const ran: string[] = []
    clock.schedule(10, () => ran.push('late'))
    world.crash('b')
    await world.run(100)
    expect(ran).toEqual([])
  })

  test('of nobody does nothing', async () => {
    const world = await talkers('a b')
    world.crash('b')
    const events = world.trace.length
    world.crash('b')
    world.vanish('b')
    world.pause('b', 100)
    world.stall('b', 100, 1)
    world.jumpWall('b', 100)
    await world.run(1_000)
    expect(world.trace.length).toBe(events)
  })
})

describe('a loss of power', () => {
  test('is told by nothing: connections stay open, dials hang', async () => {
    const world = await talkers('a b c')
    void talker(world, 'a').say('b', 'hello')
    await world.run(100)
    world.vanish('b')
    let dialled = 'hangs'
    talker(world, 'c')
      .say('b', 'hello')
      .then(
        () => (dialled = 'connected'),
        () => (dialled = 'failed'),
      )
    await world.run(60_000)
    expect(talker(world, 'a').closed).toEqual([])
    expect(dialled).toBe('hangs')
  })

  test('lasts until a process is started there again, and no other fault ends with it', async () => {
    const world = await talkers('a b c')
    world.disturb({ from: 'c', to: 'b' }, { type: 'cut', mode: 'hold' }, 60_000)
    world.vanish('b')
    await world.run(1_000)
    world.start('b')
    await world.run(0)
    void talker(world, 'a').say('b', 'hello')
    void talker(world, 'c').say('b', 'hello')
    await world.run(100)
    expect(talker(world, 'b').heard).toEqual(['1003 a hello'])
  })

  test('is not ended by healing links', async () => {
    const world = await talkers('a b')
    void talker(world, 'a').say('b', 'hello')
    await world.run(100)
    world.vanish('b')
    world.healLinks()
    void talker(world, 'a').say('b', 'hello')
    await world.run(10_000)
    expect(talker(world, 'a').closed).toEqual([])
  })
})

describe('a pause', () => {
  test('holds timers and what arrives, and lets both go on together', async () => {
    const world = await talkers('a b')
    void talker(world, 'a').say('b', 'first')
    await world.run(100)
    const slow = talker(world, 'b')
    slow.surroundings.clock.schedule(50, () => slow.note('timer'))
    world.pause('b', 1_000)
    expect(world.isStopped('b')).toBe(true)
    void talker(world, 'a').say('b', 'second')
    await world.run(999)
    expect(slow.heard).toHaveLength(1)
    await world.run(10)
    expect(world.isStopped('b')).toBe(false)
    expect(slow.heard.slice(1)).toEqual(['1100 timer', '1100 a second'])
  })

  test('may be over for the sockets before the timers', async () => {
    const world = await talkers('a b')
    void talker(world, 'a').say('b', 'first')
    await world.run(100)
    const slow = talker(world, 'b')
    slow.surroundings.clock.schedule(50, () => slow.note('timer'))
    world.pause('b', 1_000, { order: 'sockets-first' })
    void talker(world, 'a').say('b', 'second')
    await world.run(1_010)
    expect(slow.heard.slice(1)).toEqual(['1100 a second', '1100 timer'])
  })

  test('is over with the last of several', async () => {
    const world = await talkers('a b')
    const slow = talker(world, 'b')
    slow.surroundings.clock.schedule(50, () => slow.note('timer'))
    world.pause('b', 1_000)
    world.pause('b', 3_000)
    await world.run(2_999)
    expect(slow.heard).toEqual([])
    await world.run(10)
    expect(slow.heard).toEqual(['3000 timer'])
    expect(world.disturbances.stoppedMs('b', 0, 10_000)).toBe(3_000)
  })

  test('does not reach over into the next life of its host', async () => {
    const world = await talkers('a b')
    world.pause('b', 1_000)
    await world.run(100)
    world.crash('b')
    world.start('b')
    await world.run(0)
    expect(world.isStopped('b')).toBe(false)
    world.pause('b', 5_000)
    await world.run(2_000)
    expect(world.isStopped('b')).toBe(true)
  })

  test('stops the monotonic clock as well where the machine sleeps', async () => {
    const world = await talkers('a b')
    const [awake, asleep] = [talker(world, 'a').surroundings, talker(world, 'b').surroundings]
    world.pause('a', 1_000)
    world.pause('b', 1_000, { asleep: true })
    await world.run(1_500)
    expect(awake.clock.now()).toBe(1_500)
    expect(asleep.clock.now()).toBe(500)
    expect(asleep.clock.wallNow()).toBe(awake.clock.wallNow())
  })
})

describe('a stall', () => {
  test('begins in the middle of a callback, which goes on late by its own clock', async () => {
    const world = await talkers('a b')
    const { clock } = talker(world, 'b').surroundings
    const reads: number[] = []
    clock.schedule(10, () => reads.push(clock.now(), clock.now(), clock.now()))
    world.stall('b', 500, 2)
    await world.run(11)
    expect(reads).toEqual([10, 510, 510])
    expect(world.isStopped('b')).toBe(true)
    await world.run(500)
    expect(world.isStopped('b')).toBe(false)
    expect(world.disturbances.stoppedMs('b', 0, 1_000)).toBe(500)
  })

  test('begins after a while also where nobody reads the time', async () => {
    const world = await talkers('a b')
    world.stall('b', 500, 40)
    await world.run(1_000)
    expect(world.isStopped('b')).toBe(false)
    await world.run(600)
    expect(world.isStopped('b')).toBe(true)
  })

  test('is one at a time', async () => {
    const world = await talkers('a b')
    const { clock } = talker(world, 'b').surroundings
    world.stall('b', 500, 1)
    world.stall('b', 9_000, 1)
    clock.now()
    await world.run(600)
    expect(world.isStopped('b')).toBe(false)
  })
})

describe('an exit', () => {
  test('leaves no timers, if the program let go of all', async () => {
    const world = await talkers('a b')
    const leaving = world.running('b')
    talker(world, 'b').surroundings.exit('done')
    expect(world.running('b')).toBeUndefined()
    await world.run(10_000)
    expect(leaving?.end).toEqual({ how: 'exited', reason: 'done', at: 0 })
    expect(leaving?.leftTimers).toBe(0)
  })

  test('is remembered with the timers it left behind, which run no more', async () => {
    const world = await talkers('a b')
    const leaving = world.running('b')
    const program = talker(world, 'b')
    program.surroundings.clock.schedule(1_000, () => program.note('within the grace'))
    program.surroundings.clock.schedule(60_000, () => program.note('forgotten'))
    program.surroundings.exit('done')
    await world.run(120_000)
    expect(leaving?.leftTimers).toBe(1)
    expect(program.heard).toEqual(['1000 within the grace'])
  })

  test('in the midst of a block lets what is due run, as nothing goes on later', async () => {
    const world = await talkers('a b')
    const leaving = world.running('b')
    const program = talker(world, 'b')
    world.stall('b', 30_000, 1)
    program.surroundings.clock.now()
    program.surroundings.clock.schedule(0, () => program.note('at once'))
    program.surroundings.exit('done')
    await world.run(10_000)
    expect(leaving?.leftTimers).toBe(0)
    expect(program.heard).toEqual(['0 at once'])
  })

  test('counts once', async () => {
    const world = await talkers('a b')
    const ends: SimulatedProcess<Talker>[] = []
    world.listen({ ended: (process) => ends.push(process) })
    const { exit } = talker(world, 'b').surroundings
    exit('done')
    exit('done again')
    expect(ends.map(({ end }) => end?.reason)).toEqual(['done'])
  })
})

describe('a listener', () => {
  test('is told who starts, who ends and what is written', async () => {
    const world = await talkers('a b')
    const told: string[] = []
    world.listen({
      started: (process) => told.push(`${process} starts`),
      ended: (process) => told.push(`${process} ${process.end?.how}`),
      wrote: ({ stage, from, to }) => told.push(`${stage} ${from} ${to}`),
    })
    void talker(world, 'a').say('b', 'hello')
    await world.run(10)
    world.crash('b')
    world.start('b')
    await world.run(0)
    expect(told).toEqual(['sent a b', 'arrived a b', 'b crashed', 'b, life 2 starts'])
  })

  test('that throws ends the run, though a program might have caught it', async () => {
    const world = await talkers('a b')
    world.listen({
      wrote() {
        throw new Error('a mistake in a checker')
      },
    })
    void talker(world, 'a')
      .say('b', 'hello')
      .catch(() => {})
    await expect(world.run(100)).rejects.toThrow('a mistake in a checker')
  })

  test('that throws at a start is not taken for a program that fails', async () => {
    const world = await talkers('a b')
    world.listen({
      started() {
        throw new Error('a mistake in a checker')
      },
    })
    world.crash('b')
    world.start('b')
    await expect(world.run(100)).rejects.toThrow('a mistake in a checker')
    expect(world.running('b')).toBeDefined()
  })
})

describe('a world', () => {
  async function hashOf(seed: number): Promise<string> {
    const world = await talkers('a b c', {
      seed,
      latencyMs: (random) => 1 + random(),
    })
    world.disturb(forth, { type: 'drop', probability: 0.5 }, 60_000)
    for (let turn = 0; turn < 20; turn++) {
      void talker(world, 'a').say('b', `b${turn}`)
      void talker(world, 'a').say('c', `c${turn}`)
      await world.run(50)
    }
    return world.trace.hash
  }

  test('does the same by the same seed, and something else by another', async () => {
    expect(await hashOf(1)).toBe(await hashOf(1))
    expect(await hashOf(1)).not.toBe(await hashOf(2))
  })

  test('notes what is done in it', async () => {
    const world = await talkers('a b')
    world.crash('b')
    world.note('a', 'workload', 'asks for help')
    const texts = [...world.trace.last().values()]
      .flat()
      .map((event) => 'text' in event && event.text)
    expect(texts).toEqual(['starts', 'asks for help', 'starts', 'crashed: killed'])
  })

  test('tells the host of an address and of a key', () => {
    expect([hostOf('b:1'), hostOf('b:1#17')]).toEqual(['b', 'b'])
  })
})
