// Whom a client of a cluster talks to: a pure state machine. It greets members again and again, and knows by their
// answers which of them it reaches. One of these is its contact, from which it learns of the cluster; when that is silent,
// leaves or refuses, another is, at once where there is one. Where none is left it dials all addresses that it
// knows: those it was given and those of all members that it ever learned of and that are not removed.
import type { NodeAddress, NodeIdentity, NodeKey } from '@casty/transport'
import type { Standing } from './client-messages.ts'

export interface ContactSettings {
  /** How often members are greeted. */
  readonly heartbeatIntervalMs: number
  /** A member that did not answer for so long is out of reach. */
  readonly contactTimeoutMs: number
  /** How many members are greeted, besides those that there is a reason for. */
  readonly maxConnections: number
  /** In [0, 1): where in the list of members this client begins, so that clients have different contacts. */
  readonly draw: number
}

/** A member, as the cluster has it. */
export interface Candidate {
  readonly node: NodeIdentity
  /** Up, and in reach of the others. */
  readonly isEligible: boolean
}

export type ContactEvent =
  | { readonly type: 'started' }
  /** The addresses to begin with, again or for the first time. */
  | { readonly type: 'points-resolved'; readonly points: readonly NodeAddress[] }
  /** All members, in an order that does not depend on this client. */
  | { readonly type: 'members-changed'; readonly members: readonly Candidate[] }
  /** There is something to send to that member. */
  | { readonly type: 'wanted'; readonly node: NodeIdentity }
  | { readonly type: 'dialled'; readonly address: NodeAddress; readonly node: NodeIdentity }
  | { readonly type: 'dial-failed'; readonly address: NodeAddress; readonly why: string }
  | {
      readonly type: 'welcomed'
      readonly from: NodeIdentity
      readonly standing: Standing
      /** Tells the times apart that it let this client in. */
      readonly life: number
    }
  | { readonly type: 'deadline-reached' }

export type ContactEffect =
  | { readonly type: 'resolve-points' }
  | { readonly type: 'dial'; readonly address: NodeAddress }
  | { readonly type: 'greet'; readonly node: NodeIdentity; readonly isContact: boolean }
  /** Another member is the contact now, or none is. */
  | {
      readonly type: 'contact-changed'
      readonly contact: NodeIdentity | undefined
      readonly reason: ContactLoss | undefined
    }
  /** Members came into reach, or went out of it. */
  | { readonly type: 'reach-changed' }
  /**
   * A member fell silent, or another one took its place: what connections there are may be dead without anybody's
   * noticing, and would take what is sent next with them.
   */
  | { readonly type: 'disconnect'; readonly node: NodeIdentity }
  /** A member took this client for gone, and has let it in anew. */
  | { readonly type: 'begin-anew'; readonly node: NodeIdentity }

/** Why a member is no contact any more. */
export type ContactLoss = 'silent' | 'leaving' | 'refused' | 'removed'

/** What is known of one member. */
interface Link {
  readonly node: NodeIdentity
  /** When it was first greeted, or dialled. */
  readonly since: number
  answeredAt: number | undefined
  standing: Standing | undefined
  life: number | undefined
  /** It answered within the time for that, as of the last event. */
  isLive: boolean
  isWanted: boolean
}

/** For people. */
export interface LinkReport {
  readonly node: string
  readonly isLive: boolean
  readonly standing: Standing | 'no answer'
  readonly silentForMs: number | undefined
}

/** So many addresses are dialled at a time. */
const maxDials = 16

export class ContactCore {
  readonly #settings: ContactSettings
  readonly #links = new Map<NodeKey, Link>()
  readonly #dialling = new Set<string>()
  /** What came of dialling addresses, by address: of those that are dialled. */
  readonly #outcomes = new Map<string, string>()
  #points: readonly NodeAddress[] = []
  #members: readonly Candidate[] = []
  #contact: Link | undefined
  #nextBeatAt = Infinity
  #firstDial = 0

  constructor(settings: ContactSettings) {
    this.#settings = settings
  }

  get contact(): NodeIdentity | undefined {
    return this.#contact?.node
  }

  get nextDeadline(): number {
    return this.#nextBeatAt
  }

  /** Whether that member answers. */
  isLive(node: NodeIdentity): boolean {
    return this.#links.get(node.key)?.isLive ?? false
  }

  report(now: number): readonly LinkReport[] {
    return [...this.#links.values()].map(({ node, isLive, standing, answeredAt }) => ({
      node: node.key,
      isLive,
      standing: standing ?? 'no answer',
      silentForMs: answeredAt === undefined ? undefined : now - answeredAt,
    }))
  }

  /** Members that answer. */
  get live(): readonly NodeIdentity[] {
    return [...this.#links.values()].filter(({ isLive }) => isLive).map(({ node }) => node)
  }

  /** What came of dialling the addresses of contacts. */
  get outcomes(): ReadonlyMap<string, string> {
    return this.#outcomes
  }

  step(event: ContactEvent, now: number): readonly ContactEffect[] {
    switch (event.type) {
      case 'started':
        return this.#beat(now)
      case 'points-resolved':
        this.#points = event.points
        return this.#contact ? [] : [...this.#dials()]
      case 'members-changed':
        this.#members = rotated(event.members, this.#settings.draw)
        return [...this.#follow(now), ...this.#settle(now)]
      case 'wanted':
        return this.#want(event.node, now)
      case 'dialled':
        this.#dialling.delete(event.address.toString())
        this.#note(event.address, `${event.node.key} answered`)
        return this.#links.has(event.node.key) ? [] : this.#greetNew(event.node, now)
      case 'dial-failed':
        this.#dialling.delete(event.address.toString())
        this.#note(event.address, event.why)
        return []
      case 'welcomed':
        return this.#welcomed(event, now)
      case 'deadline-reached':
        return now < this.#nextBeatAt ? [] : this.#beat(now)
    }
  }

  #note(address: NodeAddress, outcome: string): void {
    const text = address.toString()
    if (this.#outcomes.size >= 256 && !this.#outcomes.has(text)) this.#outcomes.clear()
    this.#outcomes.set(text, outcome)
  }

  #beat(now: number): readonly ContactEffect[] {
    this.#nextBeatAt = now + this.#settings.heartbeatIntervalMs
    const settled = this.#settle(now)
    const greetings = [...this.#links.values()].map((link) => this.#greeting(link))
    if (this.#contact) return [...settled, ...greetings]
    return [...settled, ...greetings, { type: 'resolve-points' }, ...this.#dials()]
  }

  #greeting(link: Link): ContactEffect {
    return { type: 'greet', node: link.node, isContact: link === this.#contact }
  }

  *#dials(): Iterable<ContactEffect> {
    const members = this.#members.map(({ node }) => node.address)
    const all = new Map([...this.#points, ...members].map((each) => [each.toString(), each]))
    const addresses = [...all.values()]
    for (const text of this.#outcomes.keys()) if (!all.has(text)) this.#outcomes.delete(text)
    const first = this.#firstDial % Math.max(1, addresses.length)
    for (const address of [...addresses.slice(first), ...addresses.slice(0, first)]) {
      if (this.#dialling.size >= maxDials) return
      if (this.#dialling.has(address.toString())) continue
      this.#dialling.add(address.toString())
      this.#firstDial++
      yield { type: 'dial', address }
    }
  }

  /** Begins with members that are new, and ends with those that are none any more. */
  #follow(now: number): readonly ContactEffect[] {
    const keys = new Set<NodeKey>(this.#members.map(({ node }) => node.key))
    const effects: ContactEffect[] = []
    for (const link of this.#links.values()) {
      const { node } = link
      if (keys.has(node.key) || this.#isYetToCome(link, now)) continue
      this.#links.delete(node.key)
      // Another one lives there now, and cannot be reached while there is a connection to this one.
      if (this.#members.some((member) => member.node.address.equals(node.address))) {
        effects.push({ type: 'disconnect', node })
      }
    }
    for (const { node } of this.#members) {
      if (this.#links.size >= this.#settings.maxConnections) break
      if (!this.#links.has(node.key)) effects.push(...this.#greetNew(node, now))
    }
    return effects
  }

  /** It answered, or may yet, and was not heard of from the others: it may be of a cluster that replaced theirs. */
  #isYetToCome({ node, since, isLive }: Link, now: number): boolean {
    if (this.#members.some((member) => member.node.address.equals(node.address))) return false
    return isLive || now - since < this.#settings.contactTimeoutMs
  }

  #want(node: NodeIdentity, now: number): readonly ContactEffect[] {
    const known = this.#links.get(node.key)
    if (known) known.isWanted = true
    return known ? [] : this.#greetNew(node, now, true)
  }

  #greetNew(node: NodeIdentity, now: number, isWanted = false): readonly ContactEffect[] {
    const link: Link = {
      node,
      since: now,
      answeredAt: undefined,
      standing: undefined,
      life: undefined,
      isLive: false,
      isWanted,
    }
    this.#links.set(node.key, link)
    return [this.#greeting(link)]
  }

  #welcomed(
    { from, standing, life }: Extract<ContactEvent, { readonly type: 'welcomed' }>,
    now: number,
  ): readonly ContactEffect[] {
    const link = this.#links.get(from.key)
    if (!link) return [] // It is no member any more.
    link.answeredAt = now
    link.standing = standing
    if (standing === 'full') return this.#settle(now)
    const isAnew = link.life !== undefined && link.life !== life
    link.life = life
    const settled = this.#settle(now)
    return isAnew ? [{ type: 'begin-anew', node: link.node }, ...settled] : settled
  }

  /** Who is in reach, and whether there has to be another contact. */
  #settle(now: number): readonly ContactEffect[] {
    const effects: ContactEffect[] = []
    let isChanged = false
    for (const link of this.#links.values()) {
      const isLive = this.#answers(link, now)
      isChanged ||= isLive !== link.isLive
      if (link.isLive && !isLive && link.standing !== 'full') {
        effects.push({ type: 'disconnect', node: link.node })
      }
      link.isLive = isLive
      const isStale = !isLive && now - link.since >= this.#settings.contactTimeoutMs
      if (isStale && !this.#isMember(link)) this.#links.delete(link.node.key)
    }
    if (isChanged) effects.push({ type: 'reach-changed' })
    const lossOfContact = this.#contact && this.#lossOf(this.#contact)
    if (this.#contact && !lossOfContact) return effects
    const next = this.#best()
    if (next === undefined && this.#contact === undefined) return effects
    this.#contact = next
    effects.push({ type: 'contact-changed', contact: next?.node, reason: lossOfContact })
    effects.push(...(next ? [this.#greeting(next)] : this.#dials()))
    return effects
  }

  #answers({ answeredAt, standing }: Link, now: number): boolean {
    if (answeredAt === undefined || standing === 'full') return false
    return now - answeredAt < this.#settings.contactTimeoutMs
  }

  #lossOf(contact: Link): ContactLoss | undefined {
    if (this.#links.get(contact.node.key) !== contact) return 'removed'
    if (contact.standing === 'full') return 'refused'
    if (!contact.isLive) return 'silent'
    if (contact.standing === 'not-up') return 'leaving'
    const member = this.#members.find(({ node }) => node.equals(contact.node))
    // Where the others do not reach it either, there is nobody better, or somebody is.
    return member && !member.isEligible && this.#best() ? 'leaving' : undefined
  }

  #best(): Link | undefined {
    const isGood = (link: Link | undefined): link is Link =>
      link !== undefined && link.isLive && link.standing === 'welcome'
    const eligible = this.#members.filter(({ isEligible }) => isEligible)
    const links = eligible.map(({ node }) => this.#links.get(node.key))
    // Nobody of those who are known: then whoever answers, be it of a cluster that has replaced theirs.
    const isLeft = ({ node }: Link): boolean =>
      !this.#members.some((member) => member.node.equals(node) && !member.isEligible)
    return (
      links.find(isGood) ?? [...this.#links.values()].find((each) => isGood(each) && isLeft(each))
    )
  }

  #isMember({ node }: Link): boolean {
    return this.#members.some((member) => member.node.equals(node))
  }
}

/** From somewhere in the list on. */
function rotated(members: readonly Candidate[], draw: number): readonly Candidate[] {
  const first = Math.floor(draw * members.length)
  return [...members.slice(first), ...members.slice(0, first)]
}
