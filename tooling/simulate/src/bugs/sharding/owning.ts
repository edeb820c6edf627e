// Mistakes in what owners of shards do, and in the ways to them.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const r = 'packages/sharding/src/region'

export const shardOwningBugs: readonly SeededBug[] = bugsOf([
  {
    name: 'released-before-stopped',
    promise: 'one owner at a time',
    file: `${r}/owned-shard.ts`,
    find: "return [{ type: 'drain' }]\n",
    replace: "return [{ type: 'drain' }, { type: 'released', epoch: this.#epoch }]\n",
    why: 'A shard counts as let go of while its entities still handle what they have.',
  },
  {
    name: 'handoff-forgets-buffer',
    promise: 'messages are accounted for',
    file: `${r}/letter-buffer.ts`,
    find: 'if (letter !== undefined && !take(letter)) return',
    replace: 'if (letter !== undefined && queue === queues.returned && !take(letter)) return',
    why: 'What waited while a shard moved is gone, and nobody is told.',
  },
  {
    name: 'bounce-dropped',
    promise: 'messages are accounted for',
    file: `${r}/post.ts`,
    find: 'this.#send(from, regionFrameTypes.returned)',
    replace: 'void from, regionFrameTypes.returned',
    why: 'A message to who owns the shard no more is lost instead of going back.',
  },
  {
    name: 'late-bounce-accepted',
    promise: 'messages keep their order',
    file: `${r}/shard-route.ts`,
    find: 'this.#used.epoch !== sentEpoch) return [false, []]',
    replace: 'this.#used.epoch !== sentEpoch) return [true, []]',
    why: 'What comes back after the way to the next owner has opened is sent on behind what was sent later.',
  },
  {
    name: 'old-owner-not-drained',
    promise: 'messages keep their order',
    file: `${r}/shard-route.ts`,
    find: 'const isFree = !this.#drain && ',
    replace: 'const isFree = ',
    why: 'What is sent to a new owner overtakes what the old one sends back.',
  },
  {
    name: 'stopping-entity-forgets',
    promise: 'messages are accounted for',
    file: `${r}/hosted-shard.ts`,
    find: 'else if (this.#host.waiting.isFor(entity)) this.#begin(',
    replace: 'else if (entity.actor === null) this.#begin(',
    why: 'What comes while an entity stops is never handled by its next life.',
  },
  {
    name: 'lost-shard-runs-on',
    promise: 'one owner at a time',
    file: `${r}/hosted-shard.ts`,
    find: 'if (entity.actor) this.#host.stop(entity.actor)\n    }\n  }\n\n  #abandonWaiting',
    replace: '}\n  }\n\n  #abandonWaiting',
    why: 'Entities of a shard that was given to another go on, timers and all, once the lease is back.',
  },
  {
    name: 'handed-over-state-dropped',
    promise: 'what is acknowledged stays',
    file: `${r}/hand-over.ts`,
    find: 'return arriving?.epoch === epoch - 1 ? arriving : undefined',
    replace: 'return arriving?.epoch === epoch + 1 ? arriving : undefined',
    why: 'An entity in memory begins with nothing where its shard was handed over.',
  },
  {
    name: 'fence-skipped',
    scenario: 'sharding-clocks',
    promise: 'stale writers are refused',
    file: 'packages/persistence/src/memory/memory-log.ts',
    find: 'if (epoch < this.#epoch) throw',
    replace: 'if (epoch < 0 * this.#epoch) throw',
    why: 'Where two take themselves for the owner, the journal takes what the former one writes.',
  },
  {
    name: 'append-under-whatever-epoch',
    scenario: 'sharding-clocks',
    promise: 'stale writers are refused',
    file: `${r}/shard-journal.ts`,
    find: 'return this.#watch(this.#journal.append(id, { ...request, epoch: this.#epoch }))',
    replace:
      'return this.#watch(\n      this.#journal.highest(id).then(({ epoch }) => this.#journal.append(id, { ...request, epoch })),\n    )',
    why: 'Entities write under the epoch that the journal has, and not under that of their shard.',
  },
])
