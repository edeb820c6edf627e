// What a cluster costs while nothing happens, and whom it takes for dead who is not.
import { drawInteger } from '../world/seeds.ts'
import type { Crowd, Hearing, Traffic } from './crowd.ts'
import { rounded } from './quantiles.ts'

/** A cluster in which nothing changes. */
export interface IdleFigures {
  readonly virtualMs: number
  /** Sent by each node, frame headers included. */
  readonly bytesPerSecondPerNode: number
  readonly writesPerSecondPerNode: number
}

/** What nodes say of others that run. */
export interface FalseAlarms {
  readonly virtualMs: number
  /** Members that some node took for unreachable, though they ran and could be reached. */
  readonly subjects: number
  /** How often a node took one for unreachable. */
  readonly verdicts: number
  readonly bytesPerSecondPerNode: number
}

/** What nodes say of others that stand still for a while. */
export interface StallFigures extends FalseAlarms {
  readonly stalls: number
}

export async function measureIdle(crowd: Crowd, forMs: number): Promise<IdleFigures> {
  const before = crowd.traffic
  await crowd.pass(forMs)
  return rates(crowd, before)
}

function rates(crowd: Crowd, before: Traffic): IdleFigures {
  const after = crowd.traffic
  const nodeSeconds = (crowd.running.length * (after.at - before.at)) / 1_000
  return {
    virtualMs: after.at - before.at,
    bytesPerSecondPerNode: rounded((after.bytes - before.bytes) / nodeSeconds),
    writesPerSecondPerNode: rounded((after.writes - before.writes) / nodeSeconds),
  }
}

/** Every link loses packets, as TCP shows it. */
export async function measureLoss(
  crowd: Crowd,
  probability: number,
  forMs: number,
): Promise<FalseAlarms> {
  crowd.network.lossProbability = probability
  const found = await falseAlarms(crowd, forMs)
  crowd.network.lossProbability = 0
  return found
}

/** Every node stands still for 1 to 3 s, at random moments, about once a minute. */
export async function measureStalls(crowd: Crowd, forMs: number): Promise<StallFigures> {
  const { world, random } = crowd
  const { running } = crowd
  const stalls = Math.max(1, Math.round((running.length * forMs) / 60_000))
  const hosts = crowd.drawHosts(stalls)
  for (const host of hosts) {
    const [at, lastsMs] = [random() * forMs, drawInteger(random, 1_000, 3_000)]
    const [reads, order] = [
      drawInteger(random, 1, 40),
      random() < 0.5 ? 'timers-first' : 'sockets-first',
    ] as const
    world.clock.schedule(at, () => world.stall(host, lastsMs, reads, order))
  }
  const found = await falseAlarms(crowd, forMs)
  return { stalls: hosts.length, ...found }
}

/** Whoever runs, or stands still for no longer than a stall, is no unreachable member. */
async function falseAlarms(crowd: Crowd, forMs: number): Promise<FalseAlarms> {
  const before = crowd.traffic
  const subjects = new Set<string>()
  let verdicts = 0
  const hearing: Hearing = (_host, event) => {
    if (event.type !== 'member-unreachable') return
    if (crowd.world.running(event.member.address.host)?.program?.self.key !== event.member.key)
      return
    subjects.add(event.member.key)
    verdicts++
  }
  await crowd.hearing(hearing, async () => await crowd.pass(forMs))
  const { virtualMs, bytesPerSecondPerNode } = rates(crowd, before)
  return { virtualMs, subjects: subjects.size, verdicts, bytesPerSecondPerNode }
}
