// A process outside of the cluster, on a host of its own that never fails: the ways to it do.
import { ActorSystem } from '@casty/actor'
import type { Clock } from '@casty/clock'
import type { ClusterState } from '@casty/membership'
import { ClusterClient } from '@casty/remote'
import { disturb } from '../faults/network-faults.ts'
import { defineAction, type ActionType } from '../run/action.ts'
import type { Run } from '../run/run.ts'
import { addressOf } from '../world/addresses.ts'
import { drawLogarithmic, drawOne, forkRandom } from '../world/seeds.ts'

/** No host of any plan has this name. */
export const outside = 'outside'
/** Where no member answered it tries again after so long, in milliseconds. */
const againMs = 1_000

export class OutsideClient<P> {
  readonly system: ActorSystem
  readonly #run: Run<P, ClusterState>
  #client: ClusterClient | undefined

  constructor(run: Run<P, ClusterState>, clock: Clock) {
    this.#run = run
    const note = (details: object, message: string): void => {
      const error = 'error' in details ? String(details.error) : ''
      run.note(outside, 'log', `${message} ${error}`)
    }
    const logger = { debug: () => {}, info: note, warn: note, error: note }
    const random = forkRandom(run.plan.seed, 'system outside')
    this.system = new ActorSystem({ clock, random, logger })
  }

  /** @param connected - called once, with the first contact */
  async connect(connected: (client: ClusterClient) => void): Promise<void> {
    const run = this.#run
    const { network, hosts, clock } = run.world
    try {
      this.#client = await ClusterClient.connect({
        system: this.system,
        transport: network.transport({ host: outside }),
        contactPoints: hosts.map((host) => addressOf(host).toString()),
        listen: { host: outside, port: addressOf(outside).port, insecure: true },
        random: forkRandom(run.plan.seed, `client at ${clock.now()}`),
        connectTimeoutMs: 3_000,
      })
    } catch (error) {
      run.note(outside, 'log', String(error))
      clock.schedule(againMs, () => {
        if (!run.isOver) void this.connect(connected)
      })
      return
    }
    connected(this.#client)
  }

  /** Answers that it still waits for. */
  get leftover(): string | undefined {
    const asks = this.#client?.remoting.metrics().pendingAsks ?? 0
    return asks > 0 ? `${outside} waits for ${asks} answers` : undefined
  }
}

/**
 * Ways between it and hosts are cut.
 *
 * @param ofAllShare - how often those of all hosts are
 * @param hasOutsider - whether there is anybody outside
 */
export function cutOutside<P, S>(
  weight: number,
  ofAllShare: number,
  hasOutsider: (run: Run<P, S>) => boolean,
): ActionType<P, S> {
  return defineAction({
    type: 'cut-outside',
    kind: 'fault',
    weight,
    draw: (random, hosts) => ({
      // Of all hosts, or of one.
      host: drawOne(random, hosts),
      ofAll: random() < ofAllShare,
      way: drawOne(random, ['to', 'from', 'both'] as const),
      mode: drawOne(random, ['silent', 'hold', 'reset'] as const),
      forMs: drawLogarithmic(random, 200, 12_000),
    }),
    perform: (run, { host, ofAll, way, mode, forMs }) => {
      if (!hasOutsider(run)) return
      const links = (ofAll ? run.world.hosts : [host]).flatMap((one) => [
        ...(way === 'from' ? [] : [{ from: outside, to: one }]),
        ...(way === 'to' ? [] : [{ from: one, to: outside }]),
      ])
      disturb(run, links, { type: 'cut', mode }, forMs)
    },
  })
}
