// Real `Cluster` objects that split-brain resolution watches over, on virtual time and a network in
// memory.
import { splitBrainResolver, type ResolverOptions, type ResolverRuling } from '@casty/sbr'
import { ClusterWorld } from '../../../membership/test/cluster-world.ts'

export class SplitWorld extends ClusterWorld {
  /** All rulings, each with the host that made it. */
  readonly rulings: (readonly [host: string, ruling: ResolverRuling])[] = []

  /** Starts hosts in this order, each with a resolver of these options, and waits until all are up. */
  async form(hosts: string, options: ResolverOptions = {}): Promise<void> {
    for (const host of hosts.split(' ')) await this.startWith(host, options)
    await this.until(() => this.allUp(this.nodes.length), 20_000)
  }

  async startWith(host: string, options: ResolverOptions = {}, seed = 'a'): Promise<void> {
    const onRuling = (ruling: ResolverRuling): void => void this.rulings.push([host, ruling])
    await this.start(host, {
      downing: splitBrainResolver({ ...options, onRuling }),
      seedNodes: [`${seed}:1`],
    })
  }

  /** Hosts whose node runs and has not been downed, as in `'a b c'`. */
  get running(): string {
    return this.nodes.map(({ host }) => host).join(' ')
  }

  /** Hosts that decided, and what, as in `'a: down-unreachable'`. */
  get decisions(): readonly string[] {
    return this.rulings.map(([host, { decision }]) => `${host}: ${decision.type}`)
  }
}
