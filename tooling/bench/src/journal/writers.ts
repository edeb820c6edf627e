// Writers that append one event after another, each waiting until its own is on disk, and bare ones that do the same
// with nothing but a write and `fdatasync` that they share.
import { closeSync, fdatasync, openSync, write } from 'node:fs'
import type { EventJournal } from '@casty/persistence'

export const record = {
  manifest: 'bench',
  version: 1,
  timestamp: 0,
  bytes: new Uint8Array(256).fill(7),
}

/** Writers that go on from where they were, each time they are asked to run. */
export interface Writers {
  /** @returns how many events per second were made durable */
  run(ms: number): Promise<number>
  /** How long each had to wait, in milliseconds. */
  readonly latenciesMs: number[]
}

export function journalWriters(journal: EventJournal, count: number): Writers {
  const numbers = Array.from({ length: count }, () => 0)
  return writers(count, async (writer) => {
    const expectedSequenceNr = numbers[writer] ?? 0
    await journal.append(`writer-${writer}`, { epoch: 1, expectedSequenceNr, events: [record] })
    numbers[writer] = expectedSequenceNr + 1
  })
}

export function bareWriters(path: string, count: number): Writers & Disposable {
  const descriptor = openSync(path, 'w')
  let waiting: (() => void)[] = []
  let isRunning = false
  const flushAll = async (): Promise<void> => {
    isRunning = true
    await othersHaveAsked()
    while (waiting.length > 0) {
      const group = waiting
      waiting = []
      await writeAndFlush(descriptor, Buffer.concat(group.map(() => record.bytes)))
      for (const resolve of group) resolve()
      await othersHaveAsked()
    }
    isRunning = false
  }
  const append = (): Promise<void> =>
    new Promise((resolve) => {
      waiting.push(resolve)
      if (!isRunning) void flushAll()
    })
  return { ...writers(count, append), [Symbol.dispose]: () => closeSync(descriptor) }
}

function writers(count: number, append: (writer: number) => Promise<void>): Writers {
  const latenciesMs: number[] = []
  return {
    latenciesMs,
    async run(ms) {
      const startMs = performance.now()
      let done = 0
      const one = async (writer: number): Promise<void> => {
        for (let now = performance.now(); now < startMs + ms; done++) {
          await append(writer)
          const then = now
          now = performance.now()
          latenciesMs.push(now - then)
        }
      }
      await Promise.all(Array.from({ length: count }, (_, writer) => one(writer)))
      return (done / (performance.now() - startMs)) * 1_000
    },
  }
}

function othersHaveAsked(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

async function writeAndFlush(descriptor: number, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    write(descriptor, bytes, (error) => (error ? reject(error) : resolve()))
  })
  await new Promise<void>((resolve, reject) => {
    fdatasync(descriptor, (error) => (error ? reject(error) : resolve()))
  })
}
