// The power goes at every step that a program takes on its disk, and whatever was not flushed is there in part.
import { seededRandom, type Random } from '@casty/clock'
import type { FileJournal } from '@casty/journal-file'
import { expect, test } from 'vitest'
import { append, eventsOf, open, record, textOf, textsOf } from './kit.ts'
import { SimulatedDisk } from './simulated-disk.ts'

/** Of one frame or two: files are begun and removed all the time. */
const small = 4_096
/** All in one file, and in the end over zeros that were written ahead. */
const large = 1_000_000
const ids = ['a', 'b']
const rounds = 12

const eventText = (id: string, sequenceNr: number): string =>
  `${id} ${sequenceNr} ${'x'.repeat(400)}`

/** How far something has come for certain, and how far it may have come. */
class Progress {
  acknowledged = 0
  begun = 0

  async to(value: number, work: Promise<unknown>): Promise<void> {
    this.begun = value
    await work
    this.acknowledged = value
  }

  /** Goes on from what turned out to be so. */
  found(value: number): void {
    expect([this.acknowledged, this.begun]).toContain(value)
    this.acknowledged = this.begun = value
  }
}

class Expected {
  readonly events = new Progress()
  readonly deleted = new Progress()
  readonly snapshot = new Progress()
}

type World = ReadonlyMap<string, Expected>

const newWorld = (): World => new Map(ids.map((id) => [id, new Expected()]))

async function work(disk: SimulatedDisk, world: World, segmentBytes = small): Promise<void> {
  await using journal = await open(disk, { segmentBytes })
  for (let round = 0; round < rounds; round++) {
    await Promise.all([...world].map(([id, expected]) => workOn(journal, id, expected, round)))
  }
}

async function workOn(
  journal: FileJournal,
  id: string,
  { events, deleted, snapshot }: Expected,
  round: number,
): Promise<void> {
  const last = events.acknowledged
  const batch = Array.from({ length: 1 + (round % 4) }, (_, index) =>
    eventText(id, last + 1 + index),
  )
  await events.to(last + batch.length, append(journal, id, last, batch))
  if (round % 3 !== 2) return
  const at = events.acknowledged
  await snapshot.to(at, journal.saveSnapshot(id, { ...record(`${id} ${at}`), sequenceNr: at }))
  await journal.deleteSnapshots(id, at - 1)
  await deleted.to(at - 2, journal.deleteEvents(id, at - 2))
}

async function check(journal: FileJournal, world: World): Promise<void> {
  for (const [id, { events, deleted, snapshot }] of world) {
    const head = await journal.highest(id)
    events.found(head.sequenceNr)
    deleted.found(head.deletedTo)
    const found = await eventsOf(journal, id)
    expect(found.map((event) => `${event.sequenceNr} ${textOf(event)}`)).toEqual(
      Array.from({ length: head.sequenceNr - head.deletedTo }, (_, index) => {
        const sequenceNr = head.deletedTo + 1 + index
        return `${sequenceNr} ${eventText(id, sequenceNr)}`
      }),
    )
    const latest = await journal.latestSnapshot(id)
    snapshot.found(latest?.sequenceNr ?? 0)
    if (latest) expect(textOf(latest)).toBe(`${id} ${latest.sequenceNr}`)
  }
}

/** Resolves when the work is done, or the machine is off. */
async function until(
  disk: SimulatedDisk,
  step: number,
  end: () => void,
  running: () => Promise<void>,
): Promise<void> {
  let crashed = (): void => {}
  const crash = new Promise<void>((resolve) => {
    crashed = resolve
  })
  const first = disk.steps
  disk.onStep = (now) => {
    if (now - first !== step) return
    end()
    crashed()
  }
  await Promise.race([running(), crash])
  disk.onStep = () => {}
}

async function stepsOfWork(segmentBytes = small): Promise<number> {
  const disk = new SimulatedDisk()
  await work(disk, newWorld(), segmentBytes)
  return disk.steps
}

const ends = {
  'the power goes': (disk: SimulatedDisk, random: Random) => disk.losePower(random),
  'the process is killed': (disk: SimulatedDisk) => disk.kill(),
}

const ways = [small, large].flatMap((segmentBytes) =>
  Object.entries(ends).map(([what, end]) => ({ what, end, segmentBytes })),
)

test('the work that is interrupted has files begun and removed', async () => {
  const disk = new SimulatedDisk()
  await work(disk, newWorld())
  expect(await stepsOfWork()).toBeGreaterThan(60)
  expect(disk.names).not.toContain('00000001.log')
})

test.each(ways)(
  'nothing is lost, doubled or out of order when $what at any step, in files of $segmentBytes bytes',
  async ({ end, segmentBytes }) => {
    const steps = await stepsOfWork(segmentBytes)
    for (let step = 1; step <= steps; step++) {
      const random = seededRandom(step)
      const disk = new SimulatedDisk()
      const world = newWorld()
      await until(
        disk,
        step,
        () => end(disk, random),
        async () => await work(disk, world, segmentBytes),
      )
      end(disk, random) // Also where it had come to its end.
      {
        await using journal = await open(disk, { segmentBytes })
        await check(journal, world)
      }
      // It can be gone on with, and is whole in the end.
      await work(disk, world, segmentBytes)
      await using journal = await open(disk, { segmentBytes })
      await check(journal, world)
    }
  },
)

test('a crash while another one is recovered from loses nothing either', async () => {
  const steps = await stepsOfWork()
  for (let step = 5; step <= steps; step += 7) {
    const random = seededRandom(step)
    const disk = new SimulatedDisk()
    const world = newWorld()
    const end = (): void => disk.losePower(random)
    await until(disk, step, end, async () => await work(disk, world))
    for (let second = 1; second <= 4; second++) {
      await until(disk, second, end, async () => {
        await using journal = await open(disk, { segmentBytes: small })
        await check(journal, world)
      })
      end()
    }
    await using journal = await open(disk, { segmentBytes: small })
    await check(journal, world)
  }
})

test('a file outlives the power though whoever began it was killed before its directory was flushed', async () => {
  const disk = new SimulatedDisk()
  const beforeTheDirectory = 4 // After it was created, written and flushed.
  const killed = new Promise<void>((resolve) => {
    disk.onStep = (step) => {
      if (step !== beforeTheDirectory) return
      disk.kill()
      resolve()
    }
  })
  void open(disk)
  await killed
  await append(await open(disk), 'id', 0, ['a'])
  disk.losePower(() => 0.9) // Nothing that was not flushed is left.
  expect(await textsOf(await open(disk), 'id')).toEqual(['a'])
})
