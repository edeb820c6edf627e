// Shards that move while all talk: what is demanded when nothing is lost on the way.
import type { HealStage } from '../run/scenario.ts'
import { drawInteger, drawOne, drawSome, forkRandom } from '../world/seeds.ts'
import { explainAll } from './explain-all.ts'
import type { SendOptions } from './sender.ts'
import { outside } from '../hosting/outside-client.ts'
import { recordOf, typeNames } from './record.ts'
import { entityIds, shardingSettings } from './settings.ts'
import type { ShardingRun } from './sharding-run.ts'

/** A question that is answered soon. */
export const calm: SendOptions = { isAsk: true, isRead: false, workMs: 0, timeoutMs: 2_000 }

/** Messages are sent so often, in milliseconds. */
const talkEveryMs = 10
/** Healing looks so often, in milliseconds. */
const lookEveryMs = 100
/** So long a message may wait in peace, in milliseconds. */
const patienceMs = 5_000
/** So long slow ways are waited for at most, in milliseconds. */
const slowForMs = 12_000

/** Somebody leaves, and comes back, while all talk. */
class Move {
  readonly leaver: string
  readonly failures: string[] = []
  readonly beganAt: number
  open = 0
  stage: 'leaving' | 'away' | 'back' = 'leaving'
  settledAt: number | undefined
  readonly #run: ShardingRun
  readonly #random: () => number
  #isLeft = false

  constructor(run: ShardingRun, leaver: string) {
    this.#run = run
    this.leaver = leaver
    this.beganAt = run.world.now
    this.#random = forkRandom(run.plan.seed, `talk from ${run.world.now}`)
    run.note(leaver, 'workload', 'leave(), while all talk')
    run.world
      .running(leaver)
      ?.program?.cluster.leave()
      .then(
        () => (this.#isLeft = true),
        (error: unknown) => this.failures.push(`${leaver} could not leave: ${String(error)}`),
      )
  }

  goOn(): void {
    const { world } = this.#run
    if (this.stage === 'leaving' && !world.running(this.leaver)) {
      if (!this.#isLeft) this.failures.push(`${this.leaver} ended`)
      this.stage = 'away'
      world.start(this.leaver)
    } else if (this.stage === 'away' && isEven(this.#run)) {
      this.stage = 'back'
      this.settledAt = world.now
    }
    if (this.stage === 'back') return
    for (let afterMs = 0; afterMs < lookEveryMs; afterMs += talkEveryMs) {
      world.clock.schedule(afterMs, () => this.#talk())
    }
  }

  #talk(): void {
    const random = this.#random
    const { outsider } = recordOf(this.#run)
    const host = drawOne(random, [...this.#run.world.hosts, ...(outsider ? [outside] : [])])
    const sender = host === outside ? outsider?.sender : this.#run.world.running(host)?.program
    // Whoever is on its way out, or in, asks nothing.
    if (!sender || this.#run.isOver || (host === this.leaver && this.stage !== 'back')) return
    const id = drawOne(random, entityIds(this.#run))
    const type = drawOne(random, typeNames)
    const workMs = random() < 0.05 ? 200 : 0
    if (random() < 0.1) {
      for (const other of this.#run.world.processes) other.program?.passivate(type, id)
    }
    const options = { ...calm, workMs, timeoutMs: 15_000, isAsk: random() < 0.7 }
    this.open++
    void sender.send(type, id, options).then((isDone) => {
      this.open--
      if (!isDone) this.failures.push(`${type}/${id} did not answer ${host}`)
    })
  }

  get isOver(): boolean {
    const { now } = this.#run.world
    return (
      this.settledAt !== undefined && now >= this.settledAt + 2 * lookEveryMs && this.open === 0
    )
  }

  toString(): string {
    return `${this.leaver} is ${this.stage}; ${this.open} questions wait. ${explainAll(this.#run)}`
  }
}

/** Nothing is dropped, and nobody waits in vain. */
export function movesInPeace(run: ShardingRun): HealStage {
  const name = 'moves in peace lose nothing'
  let move: Move | undefined
  return {
    name,
    withinMs: 60_000,
    begin() {
      move = new Move(run, drawOne(forkRandom(run.plan.seed, 'leaves in peace'), run.world.hosts))
      recordOf(run).isPeace = true
    },
    nudge: () => move?.goOn(),
    isDone() {
      if (!move?.isOver) return false
      const lost = unhandledSince(run, move.beganAt)
      // Some may wait behind others that take their time.
      if (lost.length > 0 && run.world.now < (move.settledAt ?? 0) + patienceMs) return false
      recordOf(run).isPeace = false
      for (const failure of move.failures) run.violate(name, failure)
      for (const text of lost) run.violate(name, text)
      return true
    },
    explain: () => String(move),
  }
}

function unhandledSince(run: ShardingRun, since: number): readonly string[] {
  return [...recordOf(run).letters.all]
    .filter(({ sentAt, handledAt }) => sentAt >= since && handledAt === undefined)
    .map(
      ({ letter, key, dead }) =>
        `${letter.uid} to ${key} of ${letter.from} is not handled (${dead ?? 'no dead letter'})`,
    )
}

/**
 * One node hears and is heard late: it goes by an old table for a while, and its words come when nobody waits for them
 * any more. Who gives up may do so; nothing may be lost without a word, done twice, or done out of order.
 */
export function movesOverSlowWays(run: ShardingRun): HealStage {
  const { world } = run
  let move: Move | undefined
  return {
    name: 'moves over slow ways end',
    withinMs: 2 * slowForMs,
    begin() {
      const random = forkRandom(run.plan.seed, 'slow ways')
      const [leaver = '', slow = ''] = drawSome(random, world.hosts, 2)
      const latencyMs = drawInteger(random, 150, 270)
      for (const other of world.hosts) {
        if (other === slow) continue
        const delay = { type: 'delay', latencyMs, jitterMs: 30 } as const
        world.disturb({ from: slow, to: other }, delay, slowForMs)
        world.disturb({ from: other, to: slow }, delay, slowForMs)
      }
      run.note(slow, 'fault', `delay ${latencyMs} to and from all others`)
      move = new Move(run, leaver)
    },
    nudge() {
      if (move && world.now < move.beganAt + slowForMs) move.goOn()
    },
    isDone() {
      if (!move) return false
      const isDone = move.isOver || world.now >= move.beganAt + slowForMs
      if (isDone) world.healLinks()
      return isDone
    },
    explain: () => String(move),
  }
}

/** Every shard is somewhere and at rest, and no node has more than its share. */
function isEven(run: ShardingRun): boolean {
  const share = Math.ceil(shardingSettings(run.plan).numShards / run.world.hosts.length)
  return run.world.hosts.every((host) => {
    const program = run.world.running(host)?.program
    return (
      program !== undefined &&
      program.sharding.explain().hasLease &&
      typeNames.every(
        (type) =>
          program.regionOf(type).statistics().shards <= share &&
          program
            .shardsOf(type)
            .every(({ owner, movingTo, route }) => owner && !movingTo && route !== 'waiting'),
      )
    )
  })
}
