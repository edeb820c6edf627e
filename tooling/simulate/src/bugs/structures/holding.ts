// Mistakes with what one has at a time: locks, permits, and items that are being worked on.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const k = 'packages/ddata/src/kinds'
const lease = `${k}/lease/lease-machine.ts`
const turns = `${k}/lease/turns.ts`
const deliveries = `${k}/queue/deliveries.ts`

export const structureHoldingBugs: readonly SeededBug[] = bugsOf([
  {
    name: 'tokens-begin-anew',
    promise: 'epochs grow',
    file: `${k}/lease/tokens.ts`,
    find: 'this.#last = first > this.#last ? first : this.#last + 1n',
    replace: 'this.#last = first > 0n ? first : this.#last + 1n',
    why: 'A token is given twice under one epoch.',
  },
  {
    name: 'released-by-anybody',
    promise: 'one owner at a time',
    file: lease,
    find: 'if (!pool || holder?.session !== session) return false\n    this.#turns.drop(holder, around)',
    replace:
      'const [any] = pool?.holders.values() ?? []\n    if (!pool || (!holder && !any)) return false\n' +
      '    this.#turns.drop(holder ?? any!, around)',
    why: 'A holder that is none any more gives back what is another’s.',
  },
  {
    name: 'relied-on-for-too-long',
    promise: 'one owner at a time',
    file: `${k}/lease/held.ts`,
    find: 'const trusted = 0.95',
    replace: 'const trusted = 1.3',
    why: 'A holder believes to have what the part has given to another.',
  },
  {
    name: 'relied-on-since-heard',
    promise: 'one owner at a time',
    file: `${k}/lease/lease-part.ts`,
    find: 'lease.heard(renewal.sentAt)',
    replace: 'lease.heard(this.#port.clock.now())',
    why: 'A lease is counted from the answer of its renewal, however late that is.',
  },
  {
    name: 'relied-on-since-a-stale-offer',
    promise: 'one owner at a time',
    file: `${k}/lease/lease-part.ts`,
    find: 'const sentAt = waits && confirmed !== undefined ? confirmed : asked',
    replace: 'const sentAt = confirmed ?? asked',
    why: 'A lease is counted from an offer that a former owner made and never wrote, also where another owner granted it before that came.',
  },
  {
    name: 'renewed-without-word',
    promise: 'one owner at a time',
    file: `${k}/lease/lease-part.ts`,
    find: '      lease.renewAt = now + lease.terms.ttlMs / retriesPerTtl\n',
    replace:
      '      lease.renewAt = now + lease.terms.ttlMs / retriesPerTtl\n        lease.heard(now)\n',
    why: 'A holder goes on as if each renewal arrived.',
  },
  {
    name: 'permits-not-counted',
    promise: 'one owner at a time',
    file: lease,
    find: '      pool.taken += permits\n      writeGrant(out',
    replace: '      writeGrant(out',
    why: 'What is granted at once is not taken.',
  },
  {
    name: 'offers-stay',
    promise: 'messages are accounted for',
    file: turns,
    find: '    waiter.pool.taken -= waiter.wish.permits\n    waiter.offer = undefined',
    replace: '    waiter.offer = undefined',
    why: 'What was offered to one who is gone is never free again.',
  },
  {
    name: 'leases-run-on',
    promise: 'messages are accounted for',
    file: 'packages/ddata/src/host/part-host.ts',
    find: '    for (const [id, ms] of state.timers) {',
    replace: '    for (const [id, ms] of [] as [number, number][]) {',
    also: {
      file: 'packages/ddata/src/host/part-host.ts',
      find: 'if (ms === undefined || !this.#deadlines.has(id)) lost.push(id)',
      replace: 'if (ms === undefined) lost.push(id)',
    },
    why: 'After a takeover, leases of the dead do not end.',
  },
  {
    name: 'ends-at-takeover',
    promise: 'one owner at a time',
    file: 'packages/ddata/src/host/part-host.ts',
    find: 'this.#deadlines.set(id, this.#begunAt + Math.max(ms, comebackMs))',
    replace: 'this.#deadlines.set(id, this.#begunAt + Math.min(ms, 100))',
    why: 'A takeover ends leases before their holders know.',
  },
  {
    name: 'redelivery-dropped',
    promise: 'messages are accounted for',
    file: deliveries,
    find: "if (item) this.#return(item, 0, false, 'It was not acknowledged in time', around)",
    replace: 'if (item) this.#items.remove(item)',
    why: 'An item whose consumer dies is gone.',
  },
  {
    name: 'alike-and-counted',
    promise: 'what is acknowledged stays',
    file: `${k}/queue/dedup-ids.ts`,
    find: 'return known && known.until > now ? known.number : undefined',
    replace: 'return known && known.until <= now ? known.number : undefined',
    why: 'Of items that are alike, each is delivered.',
  },
  {
    name: 'acknowledged-and-kept',
    promise: 'what is acknowledged stays',
    file: deliveries,
    find: '    around.stopTimer(receipt)\n    this.#items.remove(item)\n    this.#makeRoom(around)\n    return true',
    replace: "    this.#items.become(item, 'ready')\n    return true",
    why: 'What is done comes again.',
  },
  {
    name: 'extended-by-anybody',
    promise: 'one owner at a time',
    file: deliveries,
    find: 'const item = this.#delivered(input.varint(), input.varint())\n    if (item) around',
    replace:
      'const item = this.#items.find(input.varint())\n    input.varint()\n    if (item) around',
    why: 'Who had its time is told that it has more, and another has the item.',
  },
  {
    name: 'extended-in-vain',
    promise: 'one owner at a time',
    file: deliveries,
    find: 'if (item) around.startTimer(item.receipt, input.varint())',
    replace: 'if (item) input.varint()',
    why: 'More time is granted, and another gets the item when the old one is over.',
  },
  {
    name: 'renewed-in-vain',
    promise: 'one owner at a time',
    file: 'packages/ddata/src/host/part-host.ts',
    find: '      else this.#deadlines.set(id, now + ms)\n    }\n    if (lost',
    replace: '      else void now\n    }\n    if (lost',
    why: 'A renewal is confirmed, and another gets the lock when its first time is over.',
  },
])
