import { seededRandom } from '@casty/clock'
import { openFileJournal } from '@casty/journal-file'
import { journalCompliance, type JournalStore } from '@casty/persistence/compliance'
import { recordAt } from './record-at.ts'
import { SimulatedDisk } from './simulated-disk.ts'

let seed = 0

for (const { name, segmentBytes } of [
  { name: 'openFileJournal()', segmentBytes: 64 * 1024 * 1024 },
  // Files of one frame or two, so that what was deleted is collected all the time.
  { name: 'openFileJournal({ segmentBytes: 4_096 })', segmentBytes: 4_096 },
]) {
  journalCompliance(name, {
    create: async (): Promise<JournalStore> => {
      const disk = new SimulatedDisk()
      const random = seededRandom(++seed)
      const damage = (sequenceNr: number, kind: 'event' | 'snapshot') => (): void => {
        for (const file of disk.names) {
          const bytes = disk.inode(file).cached
          const at = recordAt(bytes, sequenceNr, kind)
          if (at !== undefined) bytes[at] = (bytes[at] ?? 0) ^ 1
        }
      }
      return {
        open: async () =>
          await openFileJournal({ directory: 'simulated', files: disk.files, segmentBytes }),
        crash: async () => disk.losePower(random),
        damageEvent: async (_id, sequenceNr) => damage(sequenceNr, 'event')(),
        damageSnapshot: async (_id, sequenceNr) => damage(sequenceNr, 'snapshot')(),
        fill: async () => {
          disk.capacityBytes = 0
          disk.copiesOnWrite = true // There are zeros that could be written over.
        },
        makeRoom: async () => {
          disk.capacityBytes = Infinity
        },
        [Symbol.asyncDispose]: async () => {},
      }
    },
    lacks: ['second-writer'],
  })
}
