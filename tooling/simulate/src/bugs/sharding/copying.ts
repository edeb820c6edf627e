// Mistakes in keeping copies of what entities write.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const r = 'packages/sharding/src/replication'

export const shardCopyingBugs: readonly SeededBug[] = bugsOf([
  {
    name: 'confirmed-before-copied',
    promise: 'what is acknowledged stays',
    file: `${r}/confirmations.ts`,
    find: 'return minAcks === 0 || this.#replicas.acknowledged(id, version) >= minAcks',
    replace: 'return minAcks >= 0 || this.#replicas.acknowledged(id, version) >= minAcks',
    also: {
      file: `${r}/replicated-shard.ts`,
      find: 'if (this.minAcks === 0) this.#confirmations.settle(id)',
      replace: 'this.#confirmations.settle(id)',
    },
    why: 'A write counts as confirmed as soon as its owner has it.',
  },
  {
    name: 'first-copy-promoted',
    promise: 'what is acknowledged stays',
    file: 'packages/sharding/src/coordinator/found.ts',
    find: 'keepers.toSorted((left, right) => compare(copiesOf(right), copiesOf(left)))',
    replace: '[...keepers]',
    also: {
      file: `${r}/replicated-shard.ts`,
      find: 'if (!this.#isReady && isOne && this.#replicas.isMerged) {',
      replace: 'if (!this.#isReady && isOne) {',
    },
    why: 'The first replica takes the place of its owner, and goes on with what it has itself.',
  },
  {
    name: 'former-owner-copied',
    scenario: 'sharding-clocks',
    promise: 'stale writers are refused',
    file: `${r}/replica.ts`,
    find: 'if (epoch < this.#copies.fence) {',
    replace: 'if (epoch < 0 * this.#copies.fence) {',
    why: 'Replicas confirm what a former owner writes.',
  },
  {
    name: 'begun-before-enough-told',
    scenario: 'sharding-disks',
    promise: 'what is acknowledged stays',
    file: 'packages/sharding/src/coordinator/promotions.ts',
    find: 'if (isDurable && !this.#isEnough(promotion) && !mayGoOn) return',
    replace: 'if (isDurable && this.#isEnough(promotion) && now < 0 && !mayGoOn) return',
    why: 'After all nodes stopped, shards begin with what those have on their disks who are back first.',
  },
  {
    name: 'what-is-brought-first-counts',
    scenario: 'sharding-disks',
    promise: 'what is acknowledged stays',
    file: 'packages/sharding/src/coordinator/enough.ts',
    find: 'return isOwnerKnown(promotion) && isEnoughOfHosts(promotion)',
    replace: 'return isOwnerKnown(promotion) || isEnoughOfHosts(promotion)',
    why: 'A shard that was begun without its disk goes on with what the first node with copies has.',
  },
  {
    name: 'acknowledged-before-on-disk',
    scenario: 'sharding-disks',
    promise: 'what is acknowledged stays',
    file: `${r}/replica.ts`,
    find: 'if (written.length > 0) store.writeEntries(written, acknowledged)\n',
    replace: 'if (written.length > 0) [store.writeEntries(written, () => {}), acknowledged()]\n',
    why: 'A replica says that it has a write before it is on its disk.',
  },
  {
    name: 'listed-before-on-disk',
    scenario: 'sharding-disks',
    promise: 'what is acknowledged stays',
    file: `${r}/copy-log.ts`,
    find: 'else if (this.#queue.isEmpty) goOn(true)',
    replace: 'else if (this.#queue.isEmpty || this.#queue.bytes > 0) goOn(true)',
    why: 'A replica that is asked again what it has names what is not on its disk yet, and that counts.',
  },
  {
    name: 'own-disk-not-waited-for',
    scenario: 'sharding-disks',
    promise: 'what is acknowledged stays',
    file: `${r}/confirmations.ts`,
    find: 'if (this.#settings.ownAck && !this.#isStoredHere(id, version)) return false',
    replace: 'if (this.#settings.ownAck && !id && !this.#isStoredHere(id, version)) return false',
    why: 'A write counts as confirmed before it is on the disk of its owner.',
  },
])
