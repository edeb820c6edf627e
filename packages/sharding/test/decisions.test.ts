// Decisions of people, as the coordinator carries them out: once, however often it is asked, and as soon as it can be.
import {
  coreDefaults,
  ShardingCore,
  type CoreEffect,
  type CoreEvent,
  type ViewMember,
} from '@casty/sharding'
import { NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import { Decisions } from '../src/coordinator/decisions.ts'
import { planShards } from '../src/coordinator/plan.ts'
import { Promotions } from '../src/coordinator/promotions.ts'
import { Term } from '../src/coordinator/term.ts'
import { NodeState } from '../src/core/node-state.ts'
import { Questions } from '../src/core/questions.ts'
import type { RecoveredMessage, RecoverMessage } from '../src/protocol.ts'
import { unowned } from '../src/table/shard-row.ts'
import { situationOf, viewOf } from './situation.ts'

const [a, b, d] = ['a:1#1', 'b:1#1', 'd:1#1'].map((text) => NodeIdentity.parse(text)) as [
  NodeIdentity,
  NodeIdentity,
  NodeIdentity,
]
const type = { name: 'kept', numShards: 2, replicas: 1, disks: 2 }
/** What a wrote down: that b has copies as well, which is not there. */
const censuses = [{ census: 100, hosts: [a, b], isLate: false, namesAll: false, diskSince: 1 }]

function question(id: number, more: Partial<RecoverMessage> = {}): RecoverMessage {
  return { type: 'recover', id, typeName: 'kept', shard: 0, lineage: 0, isAgain: false, ...more }
}

/** A node alone, on virtual time; d is nobody but one that asks. */
class Alone {
  readonly core = new ShardingCore({ ...coreDefaults, self: a }, 0)
  /** To d. */
  readonly answers: RecoveredMessage[] = []
  readonly ownAnswers: RecoveredMessage[] = []
  now = 0

  step(event: CoreEvent): void {
    const effects = this.core.step(event, { now: this.now, wallNow: this.now + 1_000 })
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: CoreEffect): void {
    if (effect.type === 'recovery-answered') {
      this.ownAnswers.push(effect.answer)
      this.step({ type: 'recovery-settled', id: effect.answer.id })
    }
    if (effect.type === 'send' && effect.message.type === 'recovered' && effect.to === d) {
      this.answers.push(effect.message)
    }
    if (effect.type !== 'report-replicas') return
    const shards = effect.shards.map((shard) => {
      return { ...shard, copies: undefined, lineage: undefined, censuses }
    })
    this.step({ type: 'replicas-reported', to: effect.to, shards })
  }

  begin(): void {
    const up: ViewMember = { node: a, status: 'up', upNumber: 1, isReachable: true }
    this.step({ type: 'members-changed', members: [up] })
    this.step({ type: 'types-started', types: [type] })
  }

  pass(ms: number): void {
    for (const end = this.now + ms; this.now < end; this.now += 100) {
      this.step({ type: 'deadline-reached' })
    }
  }

  asked(message: RecoverMessage): void {
    this.step({ type: 'message-received', from: d, message })
  }

  get owner(): NodeIdentity | undefined {
    return this.core.committed.row('kept', 0).owner
  }
}

function waiting(): Alone {
  const alone = new Alone()
  alone.begin()
  alone.pass(20_000)
  expect(alone.owner).toBeUndefined()
  return alone
}

test('a decision is carried out once, and answered whenever it is asked for', () => {
  const alone = waiting()
  alone.asked(question(1))
  alone.pass(1_000)
  expect(alone.core.committed.row('kept', 0)).toMatchObject({ owner: a, isDecided: true })
  alone.asked(question(1, { isAgain: true }))
  const answer = { type: 'recovered', id: 1, outcome: 'recovered', missing: 1, lineages: [] }
  expect(alone.answers).toEqual([answer, answer])
})

test('of what was carried out by a coordinator before, it is said so to whoever asks again', () => {
  const alone = waiting()
  alone.asked(question(1))
  alone.pass(1_000)
  // As if by another one: nothing is known of that question here.
  alone.asked(question(7, { isAgain: true }))
  alone.asked(question(8))
  alone.asked(question(9, { isAgain: true, lineage: 55 }))
  expect(alone.answers.slice(1).map(({ id, outcome }) => [id, outcome])).toEqual([
    [7, 'recovered'],
    [8, 'not-waiting'],
    [9, 'not-waiting'],
  ])
})

test('what is asked before anybody gives out shards is asked again then', () => {
  const alone = new Alone()
  alone.step({ type: 'recovery-asked', question: question(1) })
  alone.step({ type: 'recovery-asked', question: question(2, { shard: 1 }) })
  alone.step({ type: 'recovery-settled', id: 2 })
  alone.begin()
  alone.pass(20_000)
  expect(alone.ownAnswers).toMatchObject([{ id: 1, outcome: 'recovered', missing: 1 }])
  expect(alone.owner).toBe(a)
  expect(alone.core.committed.row('kept', 1).owner).toBeUndefined()
})

test('a decision that nobody waits for any more is not carried out', () => {
  const alone = waiting()
  alone.asked(question(1, { typeName: 'unknown' }))
  alone.pass(20_000)
  alone.step({ type: 'types-started', types: [type, { ...type, name: 'unknown' }] })
  alone.pass(20_000)
  expect(alone.answers).toEqual([])
  expect(alone.core.committed.row('unknown', 0).owner).toBeUndefined()
})

test('of a type that nobody hosts it is said that it does not wait, to whoever asks again', () => {
  const alone = waiting()
  const ofNobody = question(1, { typeName: 'unknown' })
  alone.asked(ofNobody)
  alone.pass(1_000)
  alone.asked({ ...ofNobody, isAgain: true })
  expect(alone.answers).toEqual([])
  alone.pass(1_000)
  alone.asked({ ...ofNobody, isAgain: true })
  expect(alone.answers).toMatchObject([{ id: 1, outcome: 'not-waiting' }])
})

test.each([
  { why: 'is undecided', isUndecided: true, isMoving: false },
  { why: 'is undecided, and moves', isUndecided: true, isMoving: true },
  { why: 'is contested, and moves', isUndecided: false, isMoving: true },
])('a decision on a shard that $why waits until it is asked about', ({ isUndecided, isMoving }) => {
  const node = new NodeState({ ...coreDefaults, self: a }, 0)
  node.view = viewOf('a', 'b', 'd')
  const owned = { ...unowned, epoch: 200, owner: b, lineage: 200, isUndecided }
  const row = isMoving ? { ...owned, movingTo: d } : owned
  node.log.append({
    version: { term: 1, seq: 1 },
    previous: node.log.latest.version,
    changes: [
      { type: 'type', settings: type, census: 100 },
      { type: 'shards', typeName: 'kept', rows: [{ shard: 0, row }] },
    ],
  })
  const term = new Term(node, 1, 0, 1_000)
  const promotions = new Promotions(node, term)
  const decisions = new Decisions(node, term, promotions, () => !isUndecided)
  const situation = situationOf({
    view: node.view,
    types: new Map([['kept', type]]),
    isContested: () => !isUndecided,
    promote: (of, shard, before, hosts, isOpen) =>
      promotions.best(of, shard, before, hosts, isOpen, 0),
  })
  planShards(node.log.latest, situation)
  decisions.asked(d, question(1), 0)
  decisions.carryOut(0)
  const answers = node.effects.filter(
    (effect) => effect.type === 'send' && effect.message.type === 'recovered',
  )
  expect(answers).toEqual([])
})

test('each question is asked sooner or later, also while a hundred others have no answer', () => {
  const questions = new Questions()
  const all = Array.from({ length: 101 }, (_, id) => id)
  for (const id of all) questions.asked(question(id))
  const first = questions.takeNew()
  const asked = [...first, ...questions.takeNew(), ...questions.take()].map(({ id }) => id)
  expect(first).toHaveLength(100)
  expect(asked.slice(0, 101)).toEqual(all)
  expect(questions.takeNew()).toEqual([])
  const again = [...questions.take(), ...questions.take()].map(({ id }) => id)
  expect(new Set(again)).toEqual(new Set(all))
})
