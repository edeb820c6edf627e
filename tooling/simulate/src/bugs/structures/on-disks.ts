// Mistakes with what is on the disks of nodes, which show when all of them stop, or one is lost.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const d = 'packages/ddata/src'

export const structureDiskBugs: readonly SeededBug[] = bugsOf(
  [
    {
      name: 'answered-before-on-disks',
      promise: 'what is acknowledged stays',
      file: `${d}/host/batches.ts`,
      find: 'if (this.#underWay) this.#write(this.#underWay)',
      replace:
        'const begun = this.#underWay\n    if (begun) {\n' +
        '      this.#write(begun)\n      this.#sayAll(begun.replies)\n    }',
      why: 'A call is answered when its write begins, and goes with the power.',
    },
    {
      name: 'sessions-not-saved',
      promise: 'what is acknowledged stays',
      file: `${d}/state/part-state.ts`,
      find: '      marked(pieces.sessions, this.sessions.save(pieceBytes)),\n',
      replace: '',
      also: {
        file: `${d}/session/lane.ts`,
        find: "      case 'unknown':\n        this.#forgotten()\n        return\n",
        replace: "      case 'unknown':\n        this.#isKnown = false\n        return\n",
      },
      why: 'What came of calls is not on disk with the rest, and they are carried out again.',
    },
    {
      name: 'records-let-go-too-soon',
      promise: 'what is acknowledged stays',
      file: `${d}/host/part-log.ts`,
      find: '        const isThere = await this.#saved.save(pieces, upTo, isOver)\n',
      replace:
        '        await this.#records.forget(upTo)\n' +
        '        const isThere = await this.#saved.save(pieces, upTo, isOver)\n',
      why: 'Records are deleted before the state that takes their place is on disk: whoever begins next finds them missing.',
    },
    {
      name: 'own-disk-left-out',
      promise: 'what is acknowledged stays',
      file: 'packages/sharding/src/replication/confirmations.ts',
      find: 'if (this.#settings.ownAck && !this.#isStoredHere(id, version)) return false',
      replace: 'if (this.#settings.ownAck && !id && !this.#isStoredHere(id, version)) return false',
      why: 'A call is answered before it is on the disk of the owner of its part, and goes with that of another node.',
    },
    {
      name: 'dead-items-not-saved',
      promise: 'what is acknowledged stays',
      file: `${d}/kinds/queue/queue-machine.ts`,
      find: 'const items = savedPieces(pieces.items, this.#items.values(), pieceBytes, writeItem)',
      replace:
        "const alive = [...this.#items.values()].filter(({ state }) => state !== 'dead')\n" +
        '    const items = savedPieces(pieces.items, alive, pieceBytes, writeItem)',
      why: 'What is dead in a queue is gone after it was saved and taken up again.',
    },
    {
      name: 'fuller-than-full',
      promise: 'everything is bounded',
      file: `${d}/kinds/queue/intake.ts`,
      find: 'return maxSize === 0 || this.#items.size + count <= maxSize',
      replace: 'return maxSize === 0 || this.#items.size <= maxSize',
      why: 'A queue takes one item more than it has room for.',
    },
  ],
  'structures-disks',
)
