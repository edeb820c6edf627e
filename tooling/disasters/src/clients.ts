import { setTimeout as pause } from 'node:timers/promises'
import { seededRandom } from '@casty/clock'
import {
  HistoryRecorder,
  type History,
  type VersionedInput,
  type VersionedOutput,
} from '@casty/simulation/linearizability'
import type { Fleet } from './fleet.ts'
import type { NodeProcess } from './node-process.ts'
import { keys, sharedNow, type Question } from './protocol.ts'

const thinkMs = 8
/** Between two tries of the same. */
const againMs = 50
/** On a busy machine a cut takes a minute to be decided upon, for each late heartbeat begins the quiet anew. */
const patienceMs = 180_000

/**
 * Clients of a fleet, in the process of the test: so what a client asked is known although the node that it asked was killed. Each asks one thing at a time, mostly through the same node.
 */
export class Clients {
  readonly #fleet: Fleet
  readonly #recorder = new HistoryRecorder<VersionedInput, VersionedOutput>({ now: sharedNow })
  readonly #random: () => number
  #running: readonly Promise<void>[] = []
  #isStopping = false
  #names = 0
  #values = 0

  constructor(fleet: Fleet, seed: number) {
    this.#fleet = fleet
    this.#random = seededRandom(seed)
  }

  /** Has so many of them read and write through each node, until `stop`. */
  start(perNode: number): void {
    const nodes = this.#fleet.alive
    this.#running = nodes.flatMap((node) =>
      Array.from({ length: perNode }, async () => await this.#work(this.#name(), node)),
    )
  }

  /** Resolves when each has got its last answer. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all(this.#running)
  }

  /** Begun before the node answers: it may be standing still. */
  readThrough(node: NodeProcess): Promise<unknown> {
    return Promise.all(
      keys.map(async (key) => await this.#ask(this.#name(), node, key, { type: 'read' })),
    )
  }

  /** Resolves once every entity was written to, through some of these nodes. */
  async untilServed(nodes: readonly NodeProcess[] = this.#fleet.alive): Promise<void> {
    const beganAt = performance.now()
    const all = keys.map(async (key, index) => {
      const node = nodes[index % nodes.length]
      if (!node) throw new Error('There is nobody to ask.')
      for (;;) {
        if (await this.#ask(this.#name(), node, key, this.#write())) return
        if (performance.now() - beganAt > patienceMs) throw new Error(`In vain: ${key} is served.`)
        await pause(againMs)
      }
    })
    try {
      await Promise.all(all)
    } catch (error) {
      throw await this.#fleet.explained(error)
    }
  }

  /** With what nodes have read themselves. */
  history(): History<VersionedInput, VersionedOutput> {
    return [...this.#recorder.history(), ...this.#fleet.nodes.flatMap(({ reads }) => reads)]
  }

  async #work(name: string, first: NodeProcess): Promise<void> {
    let node = first
    while (!this.#isStopping) {
      if (node.hasEnded) node = this.#pick(this.#fleet.listening) ?? node
      const key = this.#pick(keys) ?? ''
      await this.#ask(name, node, key, this.#random() < 0.5 ? { type: 'read' } : this.#write())
      await pause(thinkMs)
    }
  }

  /** @returns whether it was answered */
  async #ask(name: string, node: NodeProcess, key: string, question: Question): Promise<boolean> {
    const operation = this.#recorder.invoke(name, key, question)
    const answer = await node.ask(key, question)
    if (answer === undefined) operation.unknown()
    else operation.ok(answer)
    return answer !== undefined
  }

  #write(): Question {
    return { type: 'write', value: `value-${this.#values++}` }
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)]
  }

  #name(): string {
    return `client-${this.#names++}`
  }
}
