// A barrier whose node dies at any step: against what a barrier is.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { againMs, BarrierRounds, type Answers } from '../src/barrier/barrier-rounds.ts'

/** One that comes to the barrier, as its client does: it tells so again until it is answered. */
interface Party {
  readonly id: string
  isAgain: boolean
  round: readonly string[] | undefined
  isConfirmed: boolean
}

/** What happens in one `againMs`: who speaks in which order, and behind whom the node dies, if it does. */
interface Beat {
  readonly order: readonly number[]
  readonly end: { readonly after: number; readonly isInGoodOrder: boolean } | undefined
}

const parties = 3
const count = 2 * parties

const beats = fc.array(
  fc.record<Beat>({
    order: fc.shuffledSubarray([...Array.from({ length: count }).keys()], { minLength: 0 }),
    end: fc.option(fc.record({ after: fc.nat({ max: count - 1 }), isInGoodOrder: fc.boolean() }), {
      nil: undefined,
      freq: 3,
    }),
  }),
  { maxLength: 12 },
)

class Play {
  readonly all: readonly Party[] = Array.from({ length: count }, (_, at) => ({
    id: `p${at}`,
    isAgain: false,
    round: undefined,
    isConfirmed: false,
  }))
  #rounds = new BarrierRounds<string>(undefined, 0)
  #now = 0

  /** Who has come already speaks in every beat; `order` says who comes, and who speaks before whom. */
  beat({ order, end }: Beat): void {
    const others = [...this.all.keys()].filter((at) => !order.includes(at) && this.all[at]?.isAgain)
    const speaking = [...order, ...others]
    for (const [index, at] of speaking.entries()) {
      const answers = this.#speak(this.all[at])
      const dies = index === end?.after
      // What a node that dies was about to say is lost; one that moves has said it.
      if (!dies || end.isInGoodOrder) this.#hear(answers)
      if (dies) this.#end(end.isInGoodOrder)
    }
    this.#now += againMs
  }

  #end(isInGoodOrder: boolean): void {
    this.#rounds = new BarrierRounds(
      isInGoodOrder ? this.#rounds.state(this.#now) : undefined,
      this.#now,
    )
  }

  #speak(party: Party | undefined): Answers<string> {
    if (!party || party.isConfirmed) return []
    const { id, round, isAgain } = party
    party.isAgain = true
    return round
      ? this.#rounds.confirm(id, round, id, this.#now)
      : this.#rounds.arrive(id, isAgain, parties, id, this.#now)
  }

  #hear(answers: Answers<string>): void {
    for (const [to, answer] of answers) {
      const party = this.all.find(({ id }) => id === to)
      if (!party) continue
      if (answer.type === 'passed') party.round = answer.round
      if (answer.type === 'confirmed') party.isConfirmed = true
    }
  }
}

test('every complete round has as many as it should, and nobody is in two', () => {
  fc.assert(
    fc.property(beats, (played) => {
      const play = new Play()
      for (const beat of played) play.beat(beat)
      const known = play.all.flatMap(({ round }) => (round ? [round] : []))
      const rounds = [...new Map(known.map((round) => [round.join(' '), round])).values()]
      expect(new Set(rounds.flat()).size).toBe(rounds.flat().length)
      for (const { id, round } of play.all) {
        if (round) expect([round.includes(id), round.length]).toEqual([true, parties])
      }
    }),
    { numRuns: 500 },
  )
})

test('once its node dies no more, all pass', () => {
  fc.assert(
    fc.property(beats, (played) => {
      const play = new Play()
      for (const beat of played) play.beat(beat)
      const all = [...play.all.keys()]
      for (let again = 0; again < 8; again++) play.beat({ order: all, end: undefined })
      expect(play.all.filter(({ round }) => !round)).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('who arrived for the first time waits for nobody but the others', () => {
  const rounds = new BarrierRounds<string>(undefined, 0)
  expect(rounds.arrive('p', false, 2, 'p', 0)).toEqual([])
  const round = ['p', 'q']
  expect(rounds.arrive('q', false, 2, 'q', 0)).toEqual([
    ['p', { type: 'passed', round }],
    ['q', { type: 'passed', round }],
  ])
})

test('who has passed is done when all of the round have told that they know', () => {
  const rounds = new BarrierRounds<string>(undefined, 0)
  rounds.arrive('p', false, 2, 'p', 0)
  rounds.arrive('q', false, 2, 'q', 0)
  const round = ['p', 'q']
  expect(rounds.confirm('p', round, 'p', 1)).toEqual([])
  expect(rounds.confirm('q', round, 'q', 2)).toEqual([
    ['p', { type: 'confirmed' }],
    ['q', { type: 'confirmed' }],
  ])
})

test('who withdraws when the round is complete learns that it has passed', () => {
  const rounds = new BarrierRounds<string>(undefined, 0)
  rounds.arrive('p', false, 1, 'p', 0)
  expect(rounds.withdraw('p', 'p')).toEqual([['p', { type: 'passed', round: ['p'] }]])
  expect(rounds.withdraw('q', 'q')).toEqual([['q', { type: 'withdrawn' }]])
})

test('what it remembers is bounded', () => {
  const rounds = new BarrierRounds<string>(undefined, 0)
  for (let at = 0; at < 1_000; at++) rounds.arrive(`p${at}`, false, 1, 'p', at)
  expect(rounds.state(60_000).rounds).toHaveLength(64)
  rounds.arrive('last', false, 2, 'p', 60_000)
  expect(rounds.state(60_000).rounds).toEqual([])
})
