// Several protocol cores in one process, on virtual time: messages between them are delivered as
// values, late, in seeded order, or not at all. No transport, no shell: only `step`.
import { seededRandom, type Random } from '@casty/clock'
import { NodeAddress, NodeIdentity } from '@casty/transport'
import type { ClusterEvent } from '../src/events.ts'
import {
  initialState,
  type MembershipEffect,
  type MembershipInput,
  type MembershipSettings,
  type MembershipState,
} from '../src/membership-state.ts'
import type { MembershipMessage } from '../src/messages.ts'
import { nextDeadline, step } from '../src/step.ts'

export const testSettings: MembershipSettings = {
  id: '',
  roles: [],
  dataCenter: 'default',
  leaderOrder: 'age',
  minMembers: 1,
  gossipIntervalMs: 1_000,
  gossipFanout: 3,
  wakeMinMs: 25,
  wakeMaxMs: 75,
  joinRetryMinMs: 50,
  joinRetryMaxMs: 1_000,
  joinTimeoutMs: 1_000,
  seedTimeoutMs: 5_000,
  weaklyUpAfterMs: 7_000,
  leaveTimeoutMs: 5_000,
  tombstoneTtlMs: 86_400_000,
}

interface Delivery {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export class CoreNode {
  state: MembershipState
  readonly events: ClusterEvent[] = []
  stopped: string | undefined
  readonly identity: NodeIdentity
  readonly contacts: readonly NodeAddress[]

  constructor(
    identity: NodeIdentity,
    contacts: readonly NodeAddress[],
    settings: Partial<MembershipSettings>,
  ) {
    this.identity = identity
    this.contacts = contacts
    this.state = initialState(identity, {
      ...testSettings,
      id: identity.address.toString(),
      ...settings,
    })
  }

  get statuses(): string {
    return this.state.cluster.members.map((m) => `${m.address.host}.${m.status}`).join(' ')
  }
}

export class CoreWorld {
  now = 0
  readonly random: Random
  readonly nodes = new Map<string, CoreNode>()
  readonly #queue: Delivery[] = []
  #order = 0
  messages = 0
  /** Whether a message from one host to another gets through. */
  link: (from: string, to: string) => boolean = () => true
  latencyMs = 2

  constructor(seed: number) {
    this.random = seededRandom(seed)
  }

  start(
    host: string,
    options: {
      incarnation?: number
      contacts?: readonly string[]
      settings?: Partial<MembershipSettings>
    } = {},
  ): CoreNode {
    const identity = NodeIdentity.of(NodeAddress.of(host, 1), options.incarnation ?? 1)
    const contacts = (options.contacts ?? []).map((contact) => NodeAddress.of(contact, 1))
    const node = new CoreNode(identity, contacts, options.settings ?? {})
    this.nodes.set(host, node)
    this.input(node, { type: 'started', bootstrap: contacts.length === 0 })
    return node
  }

  node(host: string): CoreNode {
    const node = this.nodes.get(host)
    if (!node) throw new Error(`no node ${host}`)
    return node
  }

  kill(host: string): void {
    this.nodes.delete(host)
  }

  input(node: CoreNode, input: MembershipInput): void {
    const moment = { now: this.now, wallNow: this.now, draw: this.random() }
    const [state, effects] = step(node.state, { ...moment, ...input })
    node.state = state
    for (const effect of effects) this.#perform(node, effect)
  }

  #perform(node: CoreNode, effect: MembershipEffect): void {
    switch (effect.type) {
      case 'resolve-contacts':
        this.#later(0, () =>
          this.#toNode(node, { type: 'contacts-resolved', contacts: node.contacts }),
        )
        return
      case 'ask-to-join':
        this.#ask(node, effect.contact)
        return
      case 'send':
        this.#send(node, effect.to, effect.message)
        return
      case 'publish':
        node.events.push(effect.event)
        return
      case 'run-exit-tasks':
        this.#later(1, () => this.#toNode(node, { type: 'exit-tasks-done' }))
        return
      case 'stop':
        node.stopped = effect.reason
        return
      case 'reincarnate':
        this.#later(0, () =>
          this.#toNode(node, {
            type: 'reincarnated',
            self: NodeIdentity.of(node.state.self.address, effect.incarnation),
          }),
        )
        return
      case 'dial': // No connection of this world is ever refused.
      case 'forget':
      case 'drop':
        return
    }
  }

  #ask(node: CoreNode, contact: NodeAddress): void {
    const there = this.nodes.get(contact.host)
    if (!there) {
      this.#later(1, () =>
        this.#toNode(node, { type: 'contact-failed', contact, outcome: 'nobody' }),
      )
      return
    }
    const { id, roles } = node.state.settings
    this.#send(node, there.state.self, { type: 'join', id, roles })
  }

  #send(from: CoreNode, to: NodeIdentity, message: MembershipMessage): void {
    this.messages++
    const sender = from.state.self
    this.#later(this.latencyMs * (0.5 + this.random()), () => {
      const receiver = this.nodes.get(to.address.host)
      if (!receiver?.state.self.equals(to) || receiver.stopped) return
      if (!this.link(sender.address.host, to.address.host)) return
      this.input(receiver, { type: 'message-received', from: sender, message })
    })
  }

  #toNode(node: CoreNode, input: MembershipInput): void {
    if (this.nodes.get(node.identity.address.host) === node && !node.stopped)
      this.input(node, input)
  }

  #later(delayMs: number, run: () => void): void {
    this.#queue.push({ at: this.now + delayMs, order: this.#order++, run })
  }

  /** Runs until `untilMs` from now has passed, or `done` holds. Returns the time it took. */
  run(untilMs: number, done: () => boolean = () => false): number {
    const start = this.now
    const end = this.now + untilMs
    while (this.now <= end && !done()) {
      const delivery = this.#nextDelivery()
      const due = this.#nextDue()
      const at = Math.min(delivery?.at ?? Infinity, due?.at ?? Infinity)
      if (at > end) {
        this.now = end
        break
      }
      this.now = Math.max(this.now, at)
      if (delivery && delivery.at <= (due?.at ?? Infinity)) {
        this.#queue.splice(this.#queue.indexOf(delivery), 1)
        delivery.run()
      } else if (due) {
        this.input(due.node, { type: 'deadline-reached' })
      }
    }
    return this.now - start
  }

  #nextDelivery(): Delivery | undefined {
    let next: Delivery | undefined
    for (const delivery of this.#queue) {
      if (
        !next ||
        delivery.at < next.at ||
        (delivery.at === next.at && delivery.order < next.order)
      )
        next = delivery
    }
    return next
  }

  #nextDue(): { node: CoreNode; at: number } | undefined {
    let next: { node: CoreNode; at: number } | undefined
    for (const node of this.nodes.values()) {
      const at = nextDeadline(node.state)
      if (at < (next?.at ?? Infinity)) next = { node, at }
    }
    return next
  }

  /** Every live node holds the same state. */
  get agreed(): boolean {
    const live = [...this.nodes.values()].filter((node) => !node.stopped)
    const [first] = live
    return (
      first !== undefined && live.every((node) => node.state.cluster.equals(first.state.cluster))
    )
  }

  allUp(count: number): boolean {
    return [...this.nodes.values()].every(
      ({ state }) =>
        state.cluster.members.length === count &&
        state.cluster.members.every((member) => member.status === 'up'),
    )
  }
}
