// A file system forgets what it could not write once somebody was told: a second flush succeeds without it.
import { ManualClock, seededRandom } from '@casty/clock'
import { openFileJournal, type FileJournal } from '@casty/journal-file'
import { expect, test } from 'vitest'
import { SimulatedDisk } from '../../src/index.ts'
import { JournalDirectory } from '../../src/journal/journal-files.ts'

class Machine {
  readonly clock = new ManualClock()
  readonly disk: SimulatedDisk

  constructor(seed: number) {
    this.disk = new SimulatedDisk({ clock: this.clock, random: seededRandom(seed) })
  }

  open(onStep: (step: string) => void = () => {}): Promise<FileJournal> {
    const fileSystem = this.disk.fileSystem()
    const lock = () => () => {}
    const files = new JournalDirectory({ fileSystem, lock, syncsWrites: false, onStep })
    return this.finish(openFileJournal({ directory: files.name, files }))
  }

  /** Lets time pass until the work is done. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    work.then(settle, settle)
    while (!isSettled) await this.clock.advanceAsync(1)
    return await work
  }
}

function append(journal: FileJournal, expectedSequenceNr: number, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text)
  const event = { manifest: '', version: 1, timestamp: 0, bytes }
  return journal.append('id', { epoch: 1, expectedSequenceNr, events: [event] })
}

async function texts(machine: Machine, journal: FileJournal): Promise<readonly string[]> {
  const found: string[] = []
  const read = async (): Promise<void> => {
    for await (const { bytes } of journal.events('id')) found.push(new TextDecoder().decode(bytes))
  }
  await machine.finish(read())
  return found
}

const seeds = Array.from({ length: 20 }, (_, index) => index + 1)

test.each(seeds)(
  'what was read after a flush that failed outlives the power, though its writer was killed (seed %i)',
  async (seed) => {
    const machine = new Machine(seed)
    const steps: string[] = []
    const journal = await machine.open((step) => steps.push(step))
    steps.length = 0
    machine.disk.setFaults({ syncError: 1 })
    void append(journal, 0, 'a').catch(() => {})
    while (steps.at(-1) !== 'sync' || steps.at(-2) !== 'write')
      await machine.clock.advanceAsync(0.01)
    machine.disk.kill() // Whether the flush had failed by then is drawn.
    machine.disk.heal()
    const second = await machine.open()
    const found = await texts(machine, second)
    await machine.finish(append(second, found.length, 'b'))
    machine.disk.crash()
    expect(await texts(machine, await machine.open())).toEqual([...found, 'b'])
  },
)
