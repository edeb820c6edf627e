import { Child } from '../child.ts'
import type { Figures, Times } from '../ddata/messages.ts'
import type { Changed, Instruction, Report, Use, Weights } from './messages.ts'

type Node = Child<Instruction, Report>

const program = new URL('node.program.ts', import.meta.url)

/** Nodes of one cluster, each in a process of its own. Disposed of, they end. */
export class ReplicatorFleet implements AsyncDisposable {
  readonly #nodes: readonly Node[]
  #marks = 0

  private constructor(nodes: readonly Node[]) {
    this.#nodes = nodes
  }

  /** All of them are up, and hold no values yet. */
  static async start(size: number): Promise<ReplicatorFleet> {
    const starting = Array.from({ length: size }, () => Child.start<Instruction, Report>(program))
    const fleet = new ReplicatorFleet(await Promise.all(starting))
    try {
      let contacts: readonly string[] = []
      for (const node of fleet.#nodes) {
        const { address } = await node.ask({ type: 'start', contacts }, 'started')
        if (contacts.length === 0) contacts = [address]
      }
      await fleet.#all({ type: 'wait-for-members', count: size })
      return fleet
    } catch (error) {
      await fleet[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The same, and they do. */
  static async replicating(size: number): Promise<ReplicatorFleet> {
    const fleet = await ReplicatorFleet.start(size)
    await fleet.replicate()
    return fleet
  }

  get #first(): Node {
    const [first] = this.#nodes
    if (!first) throw new Error('There is no node.')
    return first
  }

  async #all(instruction: Instruction): Promise<void> {
    await Promise.all(this.#nodes.map(async (node) => await node.ask(instruction, 'done')))
  }

  async replicate(): Promise<void> {
    await this.#all({ type: 'replicate' })
    await this.#all({ type: 'wait-for-members', count: this.#nodes.length })
  }

  /** One node changes a value. */
  async changeAgain(
    changed: Changed,
    write: 'local' | 'majority',
    inFlight: number,
    times: Times,
  ): Promise<Figures> {
    const instruction = { type: 'change-again', changed, write, inFlight, times } as const
    return await this.#first.ask(instruction, 'changed-again')
  }

  /** From when one node changes a value until the last one has it, in milliseconds. */
  async convergence(): Promise<number> {
    const element = `mark ${this.#marks++}`
    const [first, ...others] = this.#nodes
    const coming = others.map(
      async (node) => await node.ask({ type: 'wait-for-element', element }, 'here'),
    )
    const put = await first?.ask({ type: 'put', element }, 'here')
    const here = await Promise.all(coming)
    return Math.max(...here.map(({ at }) => at)) - (put?.at ?? Number.NaN)
  }

  /** Has so many counters made by one node, and waits until all have them. */
  async fill(keys: number): Promise<void> {
    await this.#first.ask({ type: 'fill', keys }, 'done')
    await this.#all({ type: 'wait-for-keys', keys })
  }

  async weigh(count: number): Promise<Weights> {
    return await this.#first.ask({ type: 'weigh', count }, 'weighed')
  }

  async uses(): Promise<readonly Use[]> {
    const reports = this.#nodes.map(async (node) => await node.ask({ type: 'use' }, 'used'))
    return (await Promise.all(reports)).map(({ use }) => use)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#nodes.map(async (node) => await node[Symbol.asyncDispose]()))
  }
}
