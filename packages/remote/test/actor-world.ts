// A world of clusters, see membership, with actors on each node.
import { ActorSystem } from '@casty/actor'
import type { Cluster } from '@casty/membership'
import { Remoting, type RemotingLimits } from '@casty/remote'
import { ClusterWorld, type WorldOptions } from '../../membership/test/cluster-world.ts'

export interface LogLine {
  readonly message: string
  readonly details: object
}

export interface ActorNode {
  readonly host: string
  readonly cluster: Cluster
  readonly system: ActorSystem
  readonly remote: Remoting
  readonly log: readonly LogLine[]
}

export class ActorWorld extends ClusterWorld {
  readonly #limits: RemotingLimits

  constructor(limits: RemotingLimits = {}) {
    super()
    this.#limits = limits
  }

  async startNode(host: string, options: WorldOptions = {}): Promise<ActorNode> {
    const { cluster, clock } = await this.start(host, options)
    const log: LogLine[] = []
    const note = (details: object, message: string): void => void log.push({ details, message })
    const logger = { debug: note, info: note, warn: note, error: note }
    const system = new ActorSystem({ clock, logger })
    const remote = Remoting.attach({ system, cluster, limits: this.#limits })
    return { host, cluster, system, remote, log }
  }

  /** Starts several, and waits until every node there sees all of them up. */
  async startNodes(hosts: string): Promise<readonly ActorNode[]> {
    const nodes: ActorNode[] = []
    for (const host of hosts.split(' ')) nodes.push(await this.startNode(host))
    await this.until(() => this.allUp(this.nodes.length), 10_000)
    return nodes
  }
}
