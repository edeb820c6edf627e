// Mistakes with calls of structures that are rarer than others, and with what watchers are told.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const k = 'packages/ddata/src/kinds'
const map = `${k}/map/map-machine.ts`
const queue = `${k}/queue/queue-machine.ts`

export const structureCallBugs: readonly SeededBug[] = bugsOf([
  {
    name: 'removed-whatever-it-is',
    promise: 'what is acknowledged stays',
    file: map,
    find: "if (isThat) this.#delete(key, 'delete', around)\n        out.bool(isThat)",
    replace: "this.#delete(key, 'delete', around)\n        out.bool(isThat)",
    why: 'An entry that has another value than expected is deleted all the same.',
  },
  {
    name: 'put-though-present',
    promise: 'what is acknowledged stays',
    file: map,
    find: 'if (existing === undefined) this.#put(put, around)',
    replace: 'this.#put(put, around)',
    why: 'An entry that is there is written over, by whoever wanted to put it if it is absent.',
  },
  {
    name: 'touched-in-vain',
    promise: 'what is acknowledged stays',
    file: map,
    find: 'this.#entries.change(entry, { expiresAt: endOf(around.now, ttlMs) })',
    replace: 'this.#entries.change(entry, { expiresAt: entry.expiresAt + ttlMs * 0 })',
    why: 'An entry is said to have its time anew, and ends when the old one is over.',
  },
  {
    name: 'nobody-is-evicted',
    promise: 'everything is bounded',
    file: map,
    find: 'while (this.#limit > 0 && this.#entries.size > this.#limit) {',
    replace: 'while (this.#limit > 0 && this.#entries.size > this.#limit + 1) {',
    why: 'A map has more entries than it has room for.',
  },
  {
    name: 'scan-skips-one',
    promise: 'what is acknowledged stays',
    file: `${k}/map/scans.ts`,
    find: 'while (next && next.birth <= cursor) next = rest.next().value',
    replace: 'while (next && next.birth <= cursor + (cursor && 1)) next = rest.next().value',
    also: {
      file: `${k}/map/scans.ts`,
      find: 'const known = this.#places.get(cursor)',
      replace: 'const known = cursor < 0 ? this.#places.get(cursor) : undefined',
    },
    why: 'Where a scan goes on at another node, the first entry of its next page is left out.',
  },
  {
    name: 'last-of-many-left-out',
    promise: 'what is acknowledged stays',
    file: `${k}/queue/intake.ts`,
    find: '    for (const value of values) {\n      number = around.nextCount()',
    replace:
      '    for (const value of values.slice(0, Math.max(1, values.length - 1))) {\n' +
      '      number = around.nextCount()',
    why: 'Of items that are put in at once, the last one is not there.',
  },
  {
    name: 'only-the-first-is-done',
    promise: 'what is acknowledged stays',
    file: queue,
    find: 'acked.filter(([item, receipt]) =>',
    replace: 'acked.filter(([item, receipt], at) => at > 0 ||',
    why: 'Of items that are acknowledged at once, all but the first come again.',
  },
  {
    name: 'dead-and-delivered',
    promise: 'what is acknowledged stays',
    file: `${k}/queue/deliveries.ts`,
    find: "this.#items.become(item, 'dead', { reason })",
    replace: "this.#items.become(item, isDead ? 'ready' : 'dead', { reason })",
    why: 'An item that was given up is delivered to the next one.',
  },
  {
    name: 'items-end-too-soon',
    promise: 'what is acknowledged stays',
    file: `${k}/queue/intake.ts`,
    find: 'expiresAt: ttlMs === 0 ? Infinity : endOf(around.now, ttlMs)',
    replace: 'expiresAt: ttlMs === 0 ? Infinity : endOf(around.now, Math.ceil(ttlMs / 2))',
    why: 'An item of a queue is gone before its time.',
  },
  {
    name: 'missed-and-not-told',
    promise: 'messages are accounted for',
    file: 'packages/ddata/src/structures/watching.ts',
    find: 'if (!isInOrder) this.#push(this.#options.resync)',
    replace: '',
    why: 'A watcher that missed changes is not told so.',
  },
])
