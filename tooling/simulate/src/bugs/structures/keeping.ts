// Mistakes in keeping what structures hold, and in answering each call once.
import type { SeededBug } from '../bug.ts'
import { bugsOf } from './bugs-of.ts'

const d = 'packages/ddata/src'

export const structureKeepingBugs: readonly SeededBug[] = bugsOf([
  {
    name: 'answered-before-written',
    promise: 'what is acknowledged stays',
    file: `${d}/host/batches.ts`,
    find: 'if (this.#underWay) this.#write(this.#underWay)',
    replace:
      'const begun = this.#underWay\n    if (begun) {\n' +
      '      this.#write(begun)\n      this.#sayAll(begun.replies)\n    }',
    why: 'A call is answered when its write begins, and may be lost.',
  },
  {
    name: 'answers-not-kept',
    promise: 'messages are accounted for',
    file: `${d}/state/sessions.ts`,
    find: '    else session.answers.set(number, answer)',
    replace: '',
    why: 'A call whose answer is lost is known to be done, and not what came of it.',
  },
  {
    name: 'retried-as-new',
    promise: 'what is acknowledged stays',
    file: `${d}/session/lane.ts`,
    find: '      pending.sentAt = now\n      this.#add(entryOf(pending))',
    replace:
      '      pending.sentAt = now\n      this.#add({ ...entryOf(pending), number: ++this.#lastCall } as never)',
    why: 'A call that is sent again has another number, and has its effect again.',
  },
  {
    name: 'sessions-not-restored',
    promise: 'what is acknowledged stays',
    file: `${d}/host/part-host.ts`,
    find: '    this.#begunWith = state.now\n',
    replace:
      '    this.#begunWith = state.now\n    for (const { id } of [...state.sessions.values()]) state.sessions.forget(id)\n',
    also: {
      file: `${d}/session/lane.ts`,
      find: "      case 'unknown':\n        this.#forgotten()\n        return\n",
      replace: "      case 'unknown':\n        this.#isKnown = false\n        return\n",
    },
    why: 'Whoever takes over does not know which calls it has carried out, and carries them out again.',
  },
  {
    name: 'unknown-taken-for-no',
    promise: 'what is acknowledged stays',
    file: `${d}/session/calls-under-way.ts`,
    find: "pending.end.failed(gaveUp(pending, 'unknown', this.#port.whyNot()))",
    replace: "pending.end.failed(gaveUp(pending, 'no', this.#port.whyNot()))",
    why: 'A call of which nothing was heard is said to have had no effect.',
  },
  {
    name: 'read-ahead-of-writes',
    promise: 'what is acknowledged stays',
    file: `${d}/host/part-host.ts`,
    find: "    this.#batches.say(guest, { type: 'read', number: entry.number, answer })",
    replace:
      "    const early = new ReplyWriter()\n    early.add({ type: 'read', number: entry.number, answer })\n" +
      '    this.#port.send(guest.peer, guest.session, early.take(this.#port.epoch))',
    also: {
      file: `${d}/host/part-host.ts`,
      find: 'import { readRequest, type ReplyEntry,',
      replace: 'import { readRequest, ReplyWriter, type ReplyEntry,',
    },
    why: 'A read sees what is not written yet, and may be lost.',
  },
  {
    name: 'last-record-left-out',
    promise: 'what is acknowledged stays',
    file: `${d}/host/part-log.ts`,
    find: '      for (const { command, at } of commands) state.apply(command, at, epoch)',
    replace:
      '      for (const { command, at } of commands.slice(0, Math.max(1, commands.length - 1))) state.apply(command, at, epoch)',
    why: 'Of what was written together, the last is not carried out by whoever takes over.',
  },
  {
    name: 'saved-without-those-who-wait',
    promise: 'messages are accounted for',
    file: `${d}/state/sessions.ts`,
    find: '  out.count(session.parked.size)\n  for (const number of session.parked) out.varint(number)',
    replace: '  out.count(0)',
    why: 'Whoever waited when a part was saved is never answered after it was taken over.',
  },
  {
    name: 'withdrawn-and-counted',
    promise: 'messages are accounted for',
    file: `${d}/state/part-state.ts`,
    find: '    this.machine.withdraw({ session: session.id, number }, this.#around)',
    replace: '',
    why: 'Who waits no more keeps its place, and is given what nobody takes.',
  },
  {
    name: 'round-too-early',
    promise: 'what is acknowledged stays',
    file: `${d}/kinds/barrier/barrier-machine.ts`,
    find: 'if (round.participants.size < expected) {',
    replace: 'if (round.participants.size < expected - 1) {',
    why: 'A round is over before all are there.',
  },
  {
    name: 'ghost-at-barrier',
    promise: 'what is acknowledged stays',
    file: `${d}/kinds/barrier/barrier-machine.ts`,
    find: '    round.participants.delete(participant)\n',
    replace: '',
    why: 'Whoever gave up still counts.',
  },
  {
    name: 'put-tells-new-value',
    promise: 'what is acknowledged stays',
    file: `${d}/kinds/map/map-machine.ts`,
    find: 'const isThat = (this.#entries.get(put.key)?.version ?? 0) === version',
    replace: 'const isThat = (this.#entries.get(put.key)?.version ?? 0) >= version',
    why: 'An entry that changed since it was read is replaced.',
  },
  {
    name: 'keys-not-taken-over',
    promise: 'what is acknowledged stays',
    file: `${d}/state/once-keys.ts`,
    find: 'this.#add(key, { digest, until, answer: from.bytes(from.remaining) })',
    replace: 'if (until > 0 && digest < 0) this.#keys.clear()\n      from.bytes(from.remaining)',
    why: 'Whoever takes over does not know which keys were used, and a call under one has its effect again.',
  },
  {
    name: 'keys-forgotten-early',
    promise: 'what is acknowledged stays',
    file: `${d}/state/once-keys.ts`,
    find: 'if (!known || known.until <= now) return undefined',
    replace: 'if (!known || known.until <= now + onceKeyMs - 1_000) return undefined',
    why: 'A key is forgotten after a second.',
  },
  {
    name: 'batch-half-applied',
    promise: 'what is acknowledged stays',
    file: `${d}/kinds/map/map-parts.ts`,
    find: '        calls.map(async ({ part, bytes }) =>',
    replace: '        calls.slice(0, 1).map(async ({ part, bytes }) =>',
    why: 'Several entries are said to be put, of which only those of one part are.',
  },
  {
    name: 'entries-outlive-takeovers',
    promise: 'what is acknowledged stays',
    file: `${d}/kinds/map/map-machine.ts`,
    find: 'const [expiresAt, rank] = [piece.varint(), piece.varint()]',
    replace: 'const [expiresAt, rank] = [piece.varint() && 0, piece.varint()]',
    why: 'An entry that was to live for a while stays for good after its part was taken over.',
  },
  {
    name: 'entries-end-too-soon',
    promise: 'what is acknowledged stays',
    file: `${d}/kinds/map/map-machine.ts`,
    find: 'const expiresAt = ttlMs === 0 ? 0 : endOf(around.now, ttlMs)',
    replace: 'const expiresAt = ttlMs === 0 ? 0 : endOf(around.now, Math.ceil(ttlMs / 2))',
    why: 'An entry is gone before its time.',
  },
])
