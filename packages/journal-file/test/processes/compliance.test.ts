// The contract once more, on real files and in a process that is killed where the contract speaks of a crash.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { journalCompliance, type JournalStore } from '@casty/persistence/compliance'
import { afterAll } from 'vitest'
import { recordAt } from '../record-at.ts'
import { Host } from './host.ts'

/** One process after another, each started while the one before is still at work. */
let host: Host | undefined
let spare: Host | undefined

afterAll(async () => {
  await host?.end('SIGTERM')
  await spare?.end('SIGTERM')
})

journalCompliance('openFileJournal() in a process that is killed', {
  create: async (): Promise<JournalStore> => {
    const directory = await mkdtemp(join(tmpdir(), 'casty-journal-'))
    const damage = async (sequenceNr: number, kind: 'event' | 'snapshot'): Promise<void> => {
      for (const name of await readdir(directory)) {
        const path = join(directory, name)
        const bytes = await readFile(path)
        const at = recordAt(bytes, sequenceNr, kind)
        if (at === undefined) continue
        bytes[at] = (bytes[at] ?? 0) ^ 1
        await writeFile(path, bytes)
      }
    }
    return {
      open: async () => {
        host ??= spare ?? new Host()
        if (host === spare) spare = undefined
        spare ??= new Host()
        return await host.open({ directory, segmentBytes: 8_192 })
      },
      crash: async () => {
        await host?.end('SIGKILL')
        host = undefined
      },
      damageEvent: async (_id, sequenceNr) => await damage(sequenceNr, 'event'),
      damageSnapshot: async (_id, sequenceNr) => await damage(sequenceNr, 'snapshot'),
      [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true }),
    }
  },
  lacks: ['second-writer', 'full'],
  // Each starts processes; more of them are tried on a disk in memory, beside this folder.
  histories: Number(process.env['CASTY_HISTORIES'] ?? 2),
})
