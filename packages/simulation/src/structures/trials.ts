// What is tried when all is whole again, with a fault that is laid right where it matters.
import type { Lease } from '@casty/ddata'
import { disturb } from '../faults/network-faults.ts'
import type { HealStage } from '../run/scenario.ts'
import type { Link } from '../world/links.ts'
import { pause, useCounter } from './acts.ts'
import { outside } from '../hosting/outside-client.ts'
import { recordOf } from './record.ts'
import type { StructuresRun } from './structures-run.ts'
import type { StructuresUser } from './user.ts'
import { counters, usersOf } from './workload.ts'

/** A stage that is over when its trial is, whatever came of it. */
function trial(name: string, withinMs: number, begin: () => Promise<void>): HealStage {
  let isOver = false
  return {
    name,
    withinMs,
    begin() {
      void begin().then(() => {
        isOver = true
      })
    },
    isDone: () => isOver,
    explain: () => 'the trial goes on',
  }
}

function waysTo(run: StructuresRun, host: string): readonly Link[] {
  return run.world.hosts.filter((from) => from !== host).map((from) => ({ from, to: host }))
}

/** A call whose answer is lost is answered when it is sent again. */
export function lostAnswersComeAgain(run: StructuresRun): HealStage {
  const name = 'answers that are lost come again'
  return trial(name, 60_000, async () => {
    const users = usersOf(run)
    const user = recordOf(run).outsider?.user ?? users[0]
    if (!user) return
    for (const counter of counters) {
      disturb(run, waysTo(run, user.host), { type: 'cut', mode: 'silent' }, 150)
      const add = async (afterMs: number): Promise<boolean> => {
        await pause(run.world.clock, afterMs)
        return await useCounter(run, user, counter, { act: 'add', timeoutMs: 10_000 })
      }
      // eslint-disable-next-line no-await-in-loop -- Two at a time: what is said with the second concerns the first.
      const answered = await Promise.all([add(0), add(30)])
      if (answered.includes(false))
        run.violate(name, `${user.name} has no answer of ${counter}`, user.host)
      // eslint-disable-next-line no-await-in-loop
      await pause(run.world.clock, 200)
    }
  })
}

/** Beyond what its offer takes: ways, drift, and when the host looks. */
const beyondOfferMs = 300
const offerTimeoutMs = 1_000

/** One that waits, and is gone when its turn comes, costs the one behind it as long as its offer lasts. */
export function aDeadWaiterCostsLittle(run: StructuresRun): HealStage {
  const name = 'a dead waiter costs a second'
  return trial(name, 60_000, async () => {
    const gone = recordOf(run).outsider?.user
    const [holder, next] = usersOf(run).filter(({ host }) => host !== outside)
    if (!gone || !holder || !next) return
    const held = await acquire(holder)
    const ofGone = acquire(gone)
    const isFirst = await waiting(run, holder, 1)
    const ofNext = acquire(next)
    if (!held || !isFirst || !(await waiting(run, holder, 2))) {
      run.violate(name, 'nobody waits')
      return
    }
    const both = waysTo(run, outside).flatMap((way) => [way, { from: way.to, to: way.from }])
    disturb(run, both, { type: 'cut', mode: 'silent' }, 3_000)
    const releasedAt = run.world.now
    await held.release()
    const got = await ofNext
    const tookMs = run.world.now - releasedAt
    if (tookMs > offerTimeoutMs + beyondOfferMs) {
      run.violate(name, `${next.name} had it after ${Math.round(tookMs)} ms`, next.host)
    }
    await got?.release()
    const late = await ofGone
    await late?.release({ timeoutMs: 10_000 })
  })
}

async function acquire(user: StructuresUser): Promise<Lease | undefined> {
  const acquired = await user.call(
    'acquire of trial',
    Infinity,
    async () => await user.distributed.lock('trial', { ttlMs: 20_000, offerTimeoutMs }).acquire(),
  )
  return acquired.type === 'ok' ? acquired.value : undefined
}

/** @returns whether so many wait, in the end */
async function waiting(run: StructuresRun, user: StructuresUser, count: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    // eslint-disable-next-line no-await-in-loop -- Again, until it is so.
    const seen = await user.call(
      'holder of trial',
      5_000,
      async () => await user.distributed.lock('trial').holder(),
    )
    if (seen.type === 'ok' && seen.value?.waiters === count) return true
    // eslint-disable-next-line no-await-in-loop
    await pause(run.world.clock, 100)
  }
  return false
}
