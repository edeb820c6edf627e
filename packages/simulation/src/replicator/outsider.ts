// A process outside of the cluster that has copies of all values, and changes them while its ways are bad and its contact dies.
import { ClientReplicator, ReplicatorError } from '@casty/replicator'
import type { ClusterClient } from '@casty/remote'
import { outside, OutsideClient } from '../hosting/outside-client.ts'
import { longestMs } from './acts.ts'
import type { ReplicatorHost } from './host.ts'
import type { Elements, Knower } from './knowledge.ts'
import { recordOf } from './record.ts'
import type { ReplicatorRun } from './replicator-run.ts'
import { sharedValues, type CallEnd, type SharedValue } from './shared-values.ts'

export class Outsider {
  /** What listeners were told last. */
  readonly told: Map<string, ReadonlySet<string>> = new Map()
  /** Calls that have not ended. */
  open = 0
  readonly #run: ReplicatorRun
  readonly #client: OutsideClient<ReplicatorHost>
  /** What calls put in that have not ended, as `value/element`: it may be undone before they hear that members refuse it. */
  readonly #undecided = new Set<string>()
  #replicator: ClientReplicator | undefined
  #contact: () => string | undefined = () => undefined
  #life: Life

  constructor(run: ReplicatorRun) {
    this.#run = run
    this.#life = new Life(this.#undecided)
    this.#client = new OutsideClient(run, run.world.clock)
    void this.#client.connect((client) => this.#attach(client))
  }

  /** Undefined until it has a contact. */
  get replicator(): ClientReplicator | undefined {
    return this.#replicator
  }

  /** The host of the member that it learns from, where that runs. */
  get contact(): string | undefined {
    const key = this.#contact()
    return this.#run.world.processes.find(({ program }) => program?.cluster.self.key === key)?.host
  }

  #attach(client: ClusterClient): void {
    const run = this.#run
    const record = recordOf(run)
    const onError = (error: unknown): void =>
      run.violate('nothing throws', `${outside}: ${String(error)}`, outside)
    const replicator = ClientReplicator.attach({ client, clock: run.world.clock, onError })
    this.#replicator = replicator
    replicator.watch((event) => {
      if (event.type === 'denied') return
      const { refusals, knowledge } = record
      if (event.type === 'refused') record.reach('a client is told what was refused after its call')
      refusals.undone(event.type === 'refused' ? [event.key] : event.lost, knowledge)
      this.#beginAnew()
    })
    this.#contact = () => client.contact?.key
    let contact = client.contact?.key
    client.subscribe(() => {
      const next = client.contact?.key
      if (next === undefined || next === contact) return
      contact = next
      record.reach('a client goes on with another contact')
    })
    for (const value of sharedValues) {
      value.subscribe(replicator, (elements) => {
        this.told.set(value.name, elements)
        record.knowledge.seen(this.#life, value, elements)
      })
    }
  }

  /** What it has is what members tell from now on, whatever it knew before. */
  #beginAnew(): void {
    const { knowledge } = recordOf(this.#run)
    this.#life.isRunning = false
    const here = this.#replicator
    this.#life = new Life(this.#undecided, here && elementsAt(here))
    knowledge.sweep()
  }

  /** @returns what it lacks of what a node has, or has besides, in words */
  differenceTo({ replicator: there }: ReplicatorHost): string | undefined {
    const here = this.#replicator
    if (!here) return 'it has no contact'
    if (this.open > 0) return `it has ${this.open} calls`
    const different = sharedValues.find((value) => value.bytesAt(here) !== value.bytesAt(there))
    return different && `it has another ${different.name}`
  }

  /** As `call`, for what puts an element in: unless it is undone, it is there in the end. */
  async put<T extends CallEnd>(
    value: SharedValue,
    element: string,
    timeoutMs: number,
    begin: () => Promise<T>,
  ): Promise<T | undefined> {
    const undecided = undecidedOf(value.name, element)
    this.#undecided.add(undecided)
    const end = await this.call(`adding ${element} to ${value.name}`, timeoutMs, begin)
    this.#undecided.delete(undecided)
    const here = this.#replicator && value.elementsAt(this.#replicator)
    const mayBeGone =
      recordOf(this.#run).knowledge.mayBeGone(value, element) ||
      this.#life.mayDrop(value.name, element)
    if (end && !here?.has(element) && !mayBeGone) {
      const text = `has ${element} of ${value.name} no more, though it was not undone`
      this.#run.violate('nothing is lost', `${outside} ${text}`, outside)
    }
    return end
  }

  /** @returns undefined where it failed: then what it changed is undone */
  async call<T extends CallEnd>(
    what: string,
    timeoutMs: number,
    begin: () => Promise<T>,
  ): Promise<T | undefined> {
    const run = this.#run
    this.open += 1
    const timer = run.world.clock.schedule(longestMs(run, timeoutMs), () =>
      run.violate('calls end in time', `${what} ${outside} goes on`, outside),
    )
    try {
      return await begin()
    } catch (error) {
      const code = error instanceof ReplicatorError ? error.code : undefined
      const isUndone = code === 'CASTY_REPLICATOR_REFUSED' || code === 'CASTY_REPLICATOR_LOST'
      if (code === 'CASTY_REPLICATOR_REFUSED') {
        recordOf(run).reach('members refuse what a client changed')
      }
      if (isUndone) this.#beginAnew()
      else run.violate('calls fail for a reason', `${what} ${outside}: ${String(error)}`, outside)
      return undefined
    } finally {
      this.open -= 1
      timer[Symbol.dispose]()
    }
  }
}

function undecidedOf(name: string, element: string): string {
  return `${name}/${element}`
}

function elementsAt(replicator: ClientReplicator): Elements {
  return new Map(sharedValues.map((value) => [value.name, value.elementsAt(replicator)]))
}

/** From where it begins to where it begins anew. */
class Life implements Knower {
  readonly host = outside
  isRunning = true
  readonly #undecided: ReadonlySet<string>
  readonly #before: Elements

  /**
   * @param undecided - what may be undone yet, now and later
   * @param before - what it had, of which some was undone, or never came to whoever tells it anew
   */
  constructor(undecided: ReadonlySet<string>, before: Elements = new Map()) {
    this.#undecided = undecided
    this.#before = before
  }

  mayDrop(name: string, element: string): boolean {
    return (
      this.#before.get(name)?.has(element) === true ||
      this.#undecided.has(undecidedOf(name, element))
    )
  }

  toString(): string {
    return outside
  }
}
