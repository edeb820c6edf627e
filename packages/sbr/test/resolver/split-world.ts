// Real `Cluster` objects that split-brain resolution watches over, on virtual time and a network in
// memory.
import { splitBrainResolver, type ResolverOptions, type ResolverRuling } from '@casty/sbr'
import { ClusterWorld, type WorldOptions } from '../../../membership/test/cluster-world.ts'

type Options = ResolverOptions | ((host: string) => ResolverOptions)

export class SplitWorld extends ClusterWorld {
  /** All rulings, each with the host that made it. */
  readonly rulings: (readonly [host: string, ruling: ResolverRuling])[] = []

  /** Starts hosts in this order, each with a resolver of these options, and waits until all are up. */
  async form(hosts: string, options: Options = {}, config: WorldOptions = {}): Promise<void> {
    for (const host of hosts.split(' ')) await this.startWith(host, options, config)
    await this.until(() => this.allUp(this.nodes.length), 30_000)
    await this.advance(5_000) // Heartbeats have found their rhythm.
  }

  async startWith(host: string, options: Options = {}, config: WorldOptions = {}): Promise<void> {
    const given = typeof options === 'function' ? options(host) : options
    const onRuling = (ruling: ResolverRuling): void => void this.rulings.push([host, ruling])
    const downing = splitBrainResolver({ ...given, onRuling })
    await this.start(host, { downing, ...config })
  }

  /** Hosts whose node runs and has not been downed, as in `'a b c'`. */
  get running(): string {
    return this.nodes.map(({ host }) => host).join(' ')
  }

  /** Hosts that decided, and what, as in `'a: down-unreachable'`. */
  get decisions(): readonly string[] {
    return this.rulings.map(([host, { decision }]) => `${host}: ${decision.type}`).toSorted()
  }

  /** Waits until exactly these run, and see each other up and nobody else. */
  async untilOnly(hosts: string, limitMs: number): Promise<number> {
    const view = hosts
      .split(' ')
      .map((host) => `${host}.up`)
      .join(' ')
    return await this.until(() => this.running === hosts && this.everySees(view), limitMs)
  }
}
