// What goes wrong right when it hurts: to whoever hosts or gives out shards, between two steps of a protocol, and on the
// way to the journal.
import type { Random } from '@casty/clock'
import type { ClusterState } from '@casty/membership'
import { disturb } from '../faults/network-faults.ts'
import { defineAction, type ActionType } from '../run/action.ts'
import type { JournalFault, JournalService } from '../sharding/journal-service.ts'
import { minedMessages, type Mine, type Mines } from '../sharding/mines.ts'
import type { Link } from '../world/links.ts'
import { drawInteger, drawLogarithmic, drawOne } from '../world/seeds.ts'
import { coordinators, withRunning, type Hosting, type HostingRun } from './hosting-run.ts'

export const harms = ['crash', 'crash', 'power-loss', 'pause', 'stall', 'leave', 'cut'] as const
export type Harm = (typeof harms)[number]

export const victims = ['sender', 'receiver', 'coordinator'] as const

/** Harm that is done when a message is sent, or arrives. */
export type Mined = {
  readonly message: Mine['message']
  readonly stage: Mine['stage']
  readonly after: number
  readonly victim: (typeof victims)[number]
  readonly harm: Harm
  readonly forMs: number
}

/** @param most - so many messages at most are let through before, and one */
export function drawMine<M extends Mine['message']>(
  random: Random,
  messages: readonly M[],
  most: number,
): Mined {
  return {
    message: drawOne(random, messages),
    stage: drawOne(random, ['sent', 'arrived'] as const),
    after: drawLogarithmic(random, 1, most) - 1,
    victim: drawOne(random, victims),
    harm: drawOne(random, harms),
    forMs: drawLogarithmic(random, 200, 10_000),
  }
}

/** What of a scenario is needed to do harm in it. */
export interface HostFaultsParts<P extends Hosting> {
  readonly minesOf: (run: HostingRun<P>) => Mines
  /** Undefined where nothing is written to one. */
  readonly journalOf: (run: HostingRun<P>) => JournalService | undefined
  readonly leave: (run: HostingRun<P>, host: string, backAfterMs: number) => void
  /** Notes that everybody dies at once. */
  readonly reachEnd: (run: HostingRun<P>) => void
}

/** Faults of hosts in the runs of one scenario. */
export class HostFaults<P extends Hosting> {
  readonly #parts: HostFaultsParts<P>

  constructor(parts: HostFaultsParts<P>) {
    this.#parts = parts
  }

  doHarm(run: HostingRun<P>, harm: Harm, host: string, forMs: number): void {
    const { world } = run
    if (!world.hosts.includes(host)) return // Of a client from outside, the ways are bad, and no more.
    switch (harm) {
      case 'crash':
      case 'power-loss':
        if (world.processes.length < 2) return
        run.note(host, 'fault', harm)
        if (harm === 'crash') world.crash(host)
        else world.vanish(host)
        run.later(forMs, () => world.start(host))
        return
      case 'pause':
      case 'stall':
        run.note(host, 'fault', `${harm} for ${forMs} ms`)
        withRunning(run, host, () => {
          if (harm === 'pause') world.pause(host, forMs)
          else world.stall(host, forMs, 3)
        })
        return
      case 'leave':
        if (world.processes.length > 2) this.#parts.leave(run, host, forMs)
        return
      case 'cut': {
        const links = world.hosts
          .filter((other) => other !== host)
          .flatMap((other): Link[] => [
            { from: host, to: other },
            { from: other, to: host },
          ])
        disturb(run, links, { type: 'cut', mode: 'silent' }, forMs)
      }
    }
  }

  layMine(run: HostingRun<P>, { message, stage, after, victim, harm, forMs }: Mined): void {
    this.#parts.minesOf(run).lay({
      message,
      stage,
      left: after,
      spring: (from, to) => {
        const [coordinator = from] = coordinators(run)
        const host = victim === 'sender' ? from : victim === 'receiver' ? to : coordinator
        run.note(host, 'fault', `${harm} when ${message} of ${from} to ${to} is ${stage}`)
        this.doHarm(run, harm, host, forMs)
      },
    })
  }

  disturbJournal(run: HostingRun<P>, host: string, fault: JournalFault, forMs: number): void {
    const journal = this.#parts.journalOf(run)
    if (!journal) return
    run.note(host, 'fault', `journal: ${Object.values(fault).join(' ')} for ${forMs} ms`)
    journal.disturb(host, fault)
    run.world.clock.schedule(forMs, () => journal.mend(host, fault))
  }

  journalFaults(): readonly ActionType<P, ClusterState>[] {
    return [
      defineAction({
        type: 'journal-away',
        kind: 'fault',
        weight: 2,
        draw: (random, hosts) => ({
          host: drawOne(random, hosts),
          fault: drawOne(random, ['requests-lost', 'answers-lost'] as const),
          forMs: drawLogarithmic(random, 50, 5_000),
        }),
        perform: (run, { host, fault, forMs }) =>
          this.disturbJournal(run, host, { type: fault }, forMs),
      }),
      defineAction({
        type: 'journal-slow',
        kind: 'fault',
        weight: 3,
        draw: (random, hosts) => ({
          host: drawOne(random, hosts),
          upToMs: drawLogarithmic(random, 50, 10_000),
          forMs: drawLogarithmic(random, 200, 10_000),
        }),
        perform: (run, { host, upToMs, forMs }) =>
          this.disturbJournal(run, host, { type: 'slow', upToMs }, forMs),
      }),
    ]
  }

  /** Harm to whoever deals with some message, of which so many are let through before. */
  mine(weight: number, most: number): ActionType<P, ClusterState> {
    return defineAction({
      type: 'mine',
      kind: 'fault',
      weight,
      draw: (random) => drawMine(random, minedMessages, most),
      perform: (run, mine) => this.layMine(run, mine),
    })
  }

  toCoordinator(weight: number): ActionType<P, ClusterState> {
    return defineAction({
      type: 'harm-coordinator',
      kind: 'fault',
      weight,
      draw: (random) => ({
        harm: drawOne(random, harms),
        forMs: drawLogarithmic(random, 200, 12_000),
      }),
      perform: (run, { harm, forMs }) => {
        const [host] = coordinators(run)
        if (host !== undefined) this.doHarm(run, harm, host, forMs)
      },
    })
  }

  restartAll(): ActionType<P, ClusterState> {
    return defineAction({
      type: 'restart-all',
      kind: 'fault',
      weight: 0.4,
      draw: (random) => ({ withinMs: drawInteger(random, 1, 2_000) }),
      perform: (run, { withinMs }) => {
        this.#parts.reachEnd(run)
        for (const [index, host] of run.world.hosts.entries()) {
          run.note(host, 'fault', 'all crash')
          run.world.crash(host)
          run.later((index * withinMs) / run.world.hosts.length, () => run.world.start(host))
        }
      },
    })
  }
}
