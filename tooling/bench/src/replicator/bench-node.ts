import { byteSize, gCounter, gSet, orSet, type ORSet, type Replica } from '@casty/crdt'
import { Cluster } from '@casty/membership'
import { replicatedKey, Replicator } from '@casty/replicator'
import { tcpTransport } from '@casty/transport-tcp'
import { underLoad, type Operation } from '../ddata/load.ts'
import { oneByOne } from './one-by-one.ts'
import type { Instruction, Report, Use, Weights } from './messages.ts'

const marks = replicatedKey('marks', gSet<string>())
const counted = replicatedKey('counted', gCounter())
const changedSet = replicatedKey('changed', orSet<string>())
const weighedSet = replicatedKey('weighed', orSet<string>())
const counterOf = (index: number) => replicatedKey(`counter ${index}`, gCounter())

const elementsOfSet = 1_000
const textOf = (index: number): string => `element ${String(index).padStart(8, '0')}`
/** Elements are put in so many at a time. */
const batch = 500

/** Does what the benchmark says, and says what came of it. */
export class BenchNode {
  readonly #now: () => number
  readonly #seenAt = new Map<string, number>()
  readonly #waiting = new Set<() => void>()
  #cluster: Cluster | undefined
  #replicator: Replicator | undefined

  /** @param now - by a clock that all processes share */
  constructor(now: () => number) {
    this.#now = now
  }

  async obey(instruction: Instruction): Promise<Report> {
    switch (instruction.type) {
      case 'start':
        return await this.#start(instruction.contacts)
      case 'wait-for-members':
        await this.#until(() => this.#members() >= instruction.count)
        return { type: 'done' }
      case 'replicate':
        this.#replicate()
        return { type: 'done' }
      case 'change-again': {
        const operation = await this.#operationOf(instruction)
        const { write, inFlight, times } = instruction
        const figures =
          write === 'local'
            ? await oneByOne(operation, times)
            : await underLoad(operation, inFlight, times)
        return { type: 'changed-again', ...figures }
      }
      case 'put': {
        const at = this.#now()
        await this.#held.update(marks, (set, me) => set.add(me, instruction.element))
        return { type: 'here', at }
      }
      case 'wait-for-element': {
        const { element } = instruction
        await this.#until(() => this.#seenAt.has(element))
        return { type: 'here', at: this.#seenAt.get(element) ?? Number.NaN }
      }
      case 'fill':
        await this.#fill(instruction.keys)
        return { type: 'done' }
      case 'wait-for-keys':
        await this.#until(() => this.#held.metrics().keys >= instruction.keys)
        return { type: 'done' }
      case 'weigh':
        return { type: 'weighed', ...(await this.#weigh(instruction.count)) }
      case 'use':
        return { type: 'used', use: this.#use() }
    }
  }

  get #held(): Replicator {
    if (!this.#replicator) throw new Error('The node holds no values yet.')
    return this.#replicator
  }

  async #start(contacts: readonly string[]): Promise<Report> {
    const cluster = await Cluster.start({
      name: 'bench',
      transport: tcpTransport(),
      seedNodes: contacts,
    })
    this.#cluster = cluster
    return { type: 'started', address: cluster.self.address.toString() }
  }

  #replicate(): void {
    if (!this.#cluster) throw new Error('The node was not started.')
    this.#replicator = Replicator.attach({ cluster: this.#cluster })
    this.#replicator.subscribe(marks, (set) => {
      const at = this.#now()
      for (const element of set.value) if (!this.#seenAt.has(element)) this.#seenAt.set(element, at)
      for (const look of this.#waiting) look()
    })
  }

  /** Those that are up; or hold values, as far as this one knows. */
  #members(): number {
    if (this.#replicator) return this.#replicator.explain().nodes.length + 1
    const { members = [] } = this.#cluster?.getState() ?? {}
    return members.filter(({ status }) => status === 'up').length
  }

  /** Looks when something was put in, and now and then. */
  async #until(holds: () => boolean): Promise<void> {
    if (holds()) return
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!holds()) return
        this.#waiting.delete(look)
        clearInterval(timer)
        resolve()
      }
      const timer = setInterval(look, 20)
      this.#waiting.add(look)
    })
  }

  async #operationOf({
    changed,
    write,
  }: Extract<Instruction, { readonly type: 'change-again' }>): Promise<Operation> {
    const replicator = this.#held
    const increment = async (): Promise<void> => {
      const outcome = await replicator.update(counted, (count, me) => count.increment(me), {
        write,
      })
      if (outcome.type !== 'confirmed') throw new Error('A change was not confirmed.')
    }
    if (changed === 'counter') return increment
    await replicator.update(changedSet, (set, me) => filled(set, me, 0, elementsOfSet))
    let next = 0
    return async () => {
      const element = textOf(next++ % elementsOfSet)
      await replicator.update(changedSet, (set, me) => set.add(me, element), { write })
    }
  }

  async #fill(keys: number): Promise<void> {
    for (let index = 0; index < keys; index++) {
      await this.#held.update(counterOf(index), (count, me) => count.increment(me))
    }
  }

  async #weigh(count: number): Promise<Weights> {
    const replicator = this.#held
    const empty = heapBytes()
    for (let from = 0; from < count; from += batch) {
      const to = Math.min(count, from + batch)
      await replicator.update(weighedSet, (set, me) => filled(set, me, from, to))
    }
    const withSet = heapBytes()
    await this.#fill(count)
    return {
      elementEncoded: byteSize(replicator.local(weighedSet)) / count,
      elementHeld: (withSet - empty) / count,
      keyHeld: (heapBytes() - withSet) / count,
    }
  }

  #use(): Use {
    const { user, system } = process.cpuUsage()
    const bytesSent = this.#cluster?.metrics().endpoint.bytesSent ?? 0
    return { at: this.#now(), cpuMs: (user + system) / 1_000, bytesSent }
  }
}

function filled(set: ORSet<string>, me: Replica, from: number, to: number): ORSet<string> {
  let next = set
  for (let index = from; index < to; index++) next = next.add(me, textOf(index))
  return next
}

/** What is left when all that nobody needs is gone. */
function heapBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
