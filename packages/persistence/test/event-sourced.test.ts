import { Behaviors, oneForOne } from '@casty/actor'
import { eventSourced, versionedEvents, type EventInfo } from '@casty/persistence'
import { expect, test } from 'vitest'
import { onCommand, World, type AccountCommand, type Added } from './kit.ts'

test('a command comes to events, and the state is their sum', async () => {
  const world = new World()
  const process = world.start()
  const account = process.spawn()
  expect(await process.add(account, 1, 2)).toBe(3)
  expect(await process.add(account, 4)).toBe(7)
  expect(await world.amounts()).toEqual([1, 2, 4])
})

test('an actor that starts again knows what was written', async () => {
  const world = new World()
  const before = world.start()
  await before.add(before.spawn(), 1, 2, 3)
  before.journal.crash()
  const after = world.start()
  const account = after.spawn()
  expect(await after.read(account)).toEqual({ total: 6, expectedSequenceNr: 3, epoch: 2 })
})

test('nobody is answered before the write is acknowledged', async () => {
  const world = new World()
  const process = world.start()
  const account = process.spawn()
  await process.idle()
  world.memory.fail({ type: 'delayed', byMs: 1_000 }, { operation: 'append' })
  const answers: number[] = []
  void process.askAdd(account, [5]).then((answer) => answers.push(answer))
  await process.pass(999)
  expect(answers).toEqual([])
  expect(await world.amounts()).toEqual([])
  await process.pass(1)
  expect(answers).toEqual([5])
})

test('commands wait while a write is under way, and are handled in order', async () => {
  const world = new World()
  const process = world.start()
  const account = process.spawn()
  await process.idle()
  world.memory.fail({ type: 'delayed', byMs: 1_000 }, { operation: 'append' })
  for (const amount of [1, 2, 3]) account.tell({ type: 'add', amounts: [amount] })
  const read = process.askRead(account)
  await process.pass(1_000)
  expect((await read).total).toBe(6)
  expect(await world.amounts()).toEqual([1, 2, 3])
})

test('commands wait while it recovers', async () => {
  const world = new World()
  world.memory.fail({ type: 'delayed', byMs: 3_000 }, { operation: 'claim' })
  const process = world.start()
  const account = process.spawn()
  const read = process.askRead(account)
  await process.pass(3_000)
  expect((await read).total).toBe(0)
})

test('a command that comes to nothing writes nothing', async () => {
  const world = new World()
  const process = world.start()
  const account = process.spawn()
  expect(await process.add(account)).toBe(0)
  expect(await world.stored()).toEqual([])
})

test('handlers see the number of the last event, and the epoch', async () => {
  const world = new World()
  const process = world.start()
  const account = process.spawn({ epoch: 7 })
  await process.add(account, 1, 2)
  expect(await process.read(account)).toEqual({ total: 3, expectedSequenceNr: 2, epoch: 7 })
})

test('an event is told the same about itself at every recovery', async () => {
  const world = new World()
  const process = world.start()
  const infos: EventInfo[] = []
  const onEvent = (total: number, { amount }: Added, info: EventInfo): number => {
    infos.push(info)
    return total + amount
  }
  await process.add(process.spawn({ onEvent }), 1, 2)
  await process.pass(5_000)
  const again = world.start()
  await again.read(again.spawn({ onEvent }))
  expect(infos).toHaveLength(4)
  expect(infos.slice(2)).toEqual(infos.slice(0, 2))
  expect(infos[0]).toEqual({ sequenceNr: 1, epoch: 1, timestamp: 1_700_000_000_000 })
})

test('a handler may be async', async () => {
  const world = new World()
  const process = world.start()
  const account = process.spawn({
    onCommand: async (...given) => {
      await Promise.resolve()
      return onCommand(...given)
    },
  })
  expect(await process.add(account, 4)).toBe(4)
})

test('an actor stops when what it says last is durable', async () => {
  const world = new World()
  const process = world.start()
  process.spawn().tell({ type: 'stop' })
  await process.idle()
  expect(process.endings).toEqual(['stopped'])
  expect(await world.amounts()).toEqual([1_000])
})

test('a command that is not handled is a dead letter', async () => {
  const world = new World()
  const process = world.start()
  process.spawn().tell({ type: 'unknown' })
  await process.idle()
  expect(process.lost).toEqual(['unhandled'])
})

test('commands that are stashed are answered when they are unstashed', async () => {
  const world = new World()
  const process = world.start()
  let isOpen = false
  const account = process.spawn({
    onCommand: (total, command, context) => {
      if (command.type === 'go') isOpen = true
      const isEarly = command.type === 'read' && !isOpen
      return isEarly ? context.effects.stash() : onCommand(total, command, context)
    },
  })
  const reads = [process.askRead(account), process.askRead(account)]
  await process.idle()
  account.tell({ type: 'go' })
  account.tell({ type: 'add', amounts: [5] })
  await process.idle()
  expect((await Promise.all(reads)).map(({ total }) => total)).toEqual([1, 1])
})

test('commands that are stashed outlive a restart', async () => {
  const world = new World()
  const process = world.start()
  const lives: number[] = []
  const account = process.spawn({
    onRecovered: (_total, { epoch }) => lives.push(epoch),
    onCommand: (total, command, context) =>
      command.type === 'read' && lives.length < 2
        ? context.effects.stash()
        : onCommand(total, command, context),
  })
  const reads = [process.askRead(account), process.askRead(account)]
  await process.idle()
  world.memory.fail({ type: 'lost', carriedOut: true }, { operation: 'append' })
  account.tell({ type: 'add', amounts: [5] })
  await process.pass(1_000)
  expect((await Promise.all(reads)).map(({ total }) => total)).toEqual([5, 5])
  expect(lives).toEqual([1, 2])
})

test('a stash that is full is the failure of its command alone', async () => {
  const world = new World()
  const process = world.start()
  const account = process.spawn({}, { mailbox: { stashCapacity: 1 } })
  account.tell({ type: 'wait' })
  account.tell({ type: 'wait' })
  expect(await process.add(account, 1)).toBe(1)
  expect(process.lost).toEqual(['stash-full'])
  expect(process.failures).toEqual(['CASTY_ACTOR_STASH_FULL resume'])
})

test('a handler that returns no effect is a failure', async () => {
  const world = new World()
  const process = world.start()
  const account = process.spawn({
    // As code without types may.
    onCommand: (() => undefined) as unknown as typeof onCommand,
  })
  account.tell({ type: 'go' })
  await process.idle()
  expect(process.failures).toEqual(['CASTY_PERSISTENCE_INVALID_EFFECT stop'])
})

test('an event that its handler does not take is not written', async () => {
  const world = new World()
  const process = world.start()
  const account = process.spawn({
    onEvent: () => {
      throw new Error('not that one')
    },
  })
  await expect(process.add(account, 1)).rejects.toMatchObject({
    code: 'CASTY_ACTOR_ASK_UNANSWERED',
  })
  expect(await world.stored()).toEqual([])
  expect(process.failures).toEqual(['Error: not that one stop'])
})

test('what a command throws is for its supervisor, and a restart begins with what is durable', async () => {
  const world = new World()
  const process = world.start()
  const inner = eventSourced<AccountCommand, Added, number>({
    id: 'account',
    journal: process.journal,
    initialState: 0,
    onCommand,
    onEvent: (total, { amount }) => total + amount,
  })
  const account = process.system.spawn(Behaviors.supervise(inner, oneForOne()))
  await process.add(account, 1, 2)
  account.tell({ type: 'throw' })
  expect(await process.read(account)).toEqual({ total: 3, expectedSequenceNr: 2, epoch: 2 })
  expect(process.failures).toEqual(['Error: thrown by a command restart'])
})

test('signals come to effects as well', async () => {
  const world = new World()
  const process = world.start()
  const friend = process.system.spawn(Behaviors.ignore)
  const account = process.spawn({
    onRecovered: (_total, { actor }) => actor.watch(friend),
    onSignal: (_total, _signal, { effects }) => effects.persist({ type: 'added', amount: 9 }),
  })
  await process.idle()
  await process.answered(process.system.stop(friend))
  expect((await process.read(account)).total).toBe(9)
})

test('it is told of its state before the first command', async () => {
  const world = new World()
  const process = world.start()
  await process.add(process.spawn(), 4)
  const seen: unknown[] = []
  const again = world.start()
  const account = again.spawn({
    onRecovered: (total, { expectedSequenceNr, epoch }) =>
      seen.push({ total, expectedSequenceNr, epoch }),
  })
  await again.read(account)
  expect(seen).toEqual([{ total: 4, expectedSequenceNr: 1, epoch: 2 }])
})

test('events of older programs are translated', async () => {
  const world = new World()
  const cents = {
    toStored: ({ amount }: Added) => ({ manifest: 'paid', version: 1, content: amount }),
    fromStored: () => [],
  }
  const old = world.start()
  await old.add(old.spawn({ events: cents }), 1, 2)
  const events = versionedEvents<Added>({
    added: {},
    paid: { replacedBy: (amount) => [{ type: 'added', amount: Number(amount) * 100 }] },
  })
  const process = world.start()
  const account = process.spawn({ events })
  expect(await process.add(account, 5)).toBe(305)
})

test.each([
  { option: 'id', options: { id: '' } },
  { option: 'epoch', options: { epoch: -1 } },
  { option: 'journalTimeoutMs', options: { journalTimeoutMs: 0 } },
  { option: 'snapshots.every', options: { snapshots: { every: 0 } } },
  { option: 'snapshots.keep', options: { snapshots: { keep: 0.5 } } },
  { option: 'snapshots.evry', options: { snapshots: { evry: 1 } } },
  { option: 'onComand', options: { onComand: onCommand } },
])('a wrong option is refused by its name: $option', ({ option, options }) => {
  const process = new World().start()
  expect(() => process.spawn(options)).toThrow(
    expect.objectContaining({
      code: 'CASTY_PERSISTENCE_INVALID_OPTION',
      message: expect.stringContaining(`Option ${option} `),
    }),
  )
})

test('a handler may give a promise of another library', async () => {
  const process = new World().start()
  const account = process.spawn({
    onCommand(_total, command, { effects }) {
      const effect =
        command.type === 'read' ? effects.reply(command.replyTo, answer) : effects.unhandled()
      const promise: PromiseLike<typeof effect> = {
        // oxlint-disable-next-line unicorn/no-thenable -- That is what this is about.
        then: (resolve, reject) => Promise.resolve(effect).then(resolve, reject),
      }
      return promise as Promise<typeof effect>
    },
  })
  const answer = await process.read(new World().start().spawn())
  expect(await process.read(account)).toBe(answer)
})
