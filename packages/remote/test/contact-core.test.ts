// Whom a client talks to, whatever members do.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NodeAddress, NodeIdentity } from '@casty/transport'
import type { Standing } from '../src/client/client-messages.ts'
import { ContactCore, type Candidate, type ContactEffect } from '../src/client/contact-core.ts'

const settings = {
  heartbeatIntervalMs: 1_000,
  contactTimeoutMs: 4_000,
  maxConnections: 3,
  draw: 0,
}

interface Host {
  readonly node: NodeIdentity
  isUp: boolean
  standing: Standing
  /** As the cluster has it. */
  isMember: boolean
  isEligible: boolean
}

const given = 2

/** Members that answer or do not, on virtual time. */
class Model {
  now = 0
  readonly hosts: readonly Host[] = Array.from({ length: 5 }, (_, at) => ({
    node: NodeIdentity.of(NodeAddress.of(`h${at}`, 1), 1),
    isUp: true,
    standing: 'welcome' as const,
    isMember: true,
    isEligible: true,
  }))
  readonly core: ContactCore
  readonly changes: string[] = []
  greetings = 0

  constructor(draw = 0) {
    this.core = new ContactCore({ ...settings, draw })
    this.#perform(this.core.step({ type: 'started' }, this.now))
  }

  #host(at: (host: Host) => boolean): Host | undefined {
    return this.hosts.find(at)
  }

  #perform(effects: readonly ContactEffect[]): void {
    for (const effect of effects) this.#do(effect)
  }

  #do(effect: ContactEffect): void {
    switch (effect.type) {
      case 'resolve-points': {
        const points = this.hosts.slice(0, given).map(({ node }) => node.address)
        this.#perform(this.core.step({ type: 'points-resolved', points }, this.now))
        return
      }
      case 'dial': {
        const { address } = effect
        const host = this.#host(({ node, isUp }) => isUp && node.address.equals(address))
        const outcome = host
          ? ({ type: 'dialled', address, node: host.node } as const)
          : ({ type: 'dial-failed', address, why: 'nobody' } as const)
        this.#perform(this.core.step(outcome, this.now))
        return
      }
      case 'greet': {
        this.greetings++
        const host = this.#host(({ node, isUp }) => isUp && node.equals(effect.node))
        if (!host) return
        const { node: from, standing } = host
        this.#perform(this.core.step({ type: 'welcomed', from, standing, life: 1 }, this.now))
        return
      }
      case 'contact-changed':
        this.changes.push(`${effect.contact?.address.host ?? 'none'} ${effect.reason ?? ''}`.trim())
        if (effect.contact) this.tell()
        return
      case 'disconnect':
      case 'begin-anew':
      case 'reach-changed':
    }
  }

  /** The contact tells of the members. */
  tell(): void {
    const members: readonly Candidate[] = this.hosts.filter(({ isMember }) => isMember)
    this.#perform(this.core.step({ type: 'members-changed', members }, this.now))
  }

  advance(ms: number): void {
    for (const end = this.now + ms; this.now < end;) {
      this.now = Math.min(end, this.core.nextDeadline)
      if (this.now >= this.core.nextDeadline) {
        this.#perform(this.core.step({ type: 'deadline-reached' }, this.now))
      }
    }
  }

  get contact(): Host | undefined {
    return this.#host(({ node }) => this.core.contact?.equals(node) ?? false)
  }

  host(at: number): Host {
    const host = this.hosts[at]
    if (!host) throw new Error(`There is no host ${at}`)
    return host
  }
}

describe('The contact of a client', () => {
  test('is the first of the members by its own draw', () => {
    expect(new Model(0).contact?.node.address.host).toBe('h0')
    const last = new Model(0.9)
    last.host(0).isUp = false
    last.advance(5_000)
    expect(last.contact?.node.address.host).toBe('h4')
  })

  test('is another one as soon as it leaves, and after a while where it is silent', () => {
    const model = new Model()
    model.host(0).standing = 'not-up'
    model.advance(1_000)
    model.host(1).isUp = false
    model.advance(5_000)
    expect(model.changes).toEqual(['h0', 'h1 leaving', 'h2 silent'])
  })

  test('stays the same while it is good, however others come and go', () => {
    const model = new Model()
    for (const at of [1, 2, 3]) {
      model.host(at).isUp = false
      model.host(at).isEligible = false
      model.tell()
      model.advance(10_000)
    }
    expect(model.changes).toEqual(['h0'])
  })

  test('is nobody who has no room', () => {
    const model = new Model()
    for (const host of model.hosts) host.standing = 'full'
    model.advance(10_000)
    expect(model.contact).toBeUndefined()
    model.host(3).standing = 'welcome'
    model.advance(5_000)
    expect(model.contact?.node.address.host).toBe('h3')
  })

  test('is found among members that were only learned of, when all that were given are gone', () => {
    const model = new Model()
    for (const host of model.hosts) host.isUp = host === model.host(4)
    model.advance(10_000)
    expect(model.contact?.node.address.host).toBe('h4')
  })

  test('costs a greeting of each connection in each interval, and no more', () => {
    const model = new Model()
    const { greetings } = model
    model.advance(100_000)
    expect(model.greetings - greetings).toBe(100 * settings.maxConnections)
  })
})

const action = fc.oneof(
  fc.record({ type: fc.constant('up' as const), at: fc.nat(4), value: fc.boolean() }),
  fc.record({
    type: fc.constant('standing' as const),
    at: fc.nat(4),
    value: fc.constantFrom<Standing>('welcome', 'full', 'not-up'),
  }),
  fc.record({ type: fc.constant('eligible' as const), at: fc.nat(4), value: fc.boolean() }),
  fc.record({ type: fc.constant('member' as const), at: fc.nat(4), value: fc.boolean() }),
  fc.record({ type: fc.constant('want' as const), at: fc.nat(4) }),
  fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 6_000 }) }),
)

test('whatever members do, in the end the contact is a good one where there is one to be found', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 0.99 }),
      fc.array(action, { maxLength: 40 }),
      (draw, all) => {
        const model = new Model(draw)
        for (const act of all) {
          if (act.type === 'wait') model.advance(act.ms)
          else if (act.type === 'want') {
            model.core.step({ type: 'wanted', node: model.host(act.at).node }, model.now)
          } else {
            const host = model.host(act.at)
            if (act.type === 'up') host.isUp = act.value
            else if (act.type === 'standing') host.standing = act.value
            else if (act.type === 'eligible') host.isEligible = act.value
            else host.isMember = act.value
            if (model.contact?.isUp) model.tell()
          }
          const { contact } = model.core
          if (contact) expect(model.core.isLive(contact)).toBe(true)
        }
        for (const host of model.hosts.slice(0, given)) host.isMember = true
        model.advance(20_000)
        if (model.contact?.isUp) model.tell()
        model.advance(20_000)
        const isGood = ({ isUp, standing }: Host): boolean => isUp && standing === 'welcome'
        const { contact } = model
        if (contact) expect(isGood(contact)).toBe(true)
        // Those that were given are asked again and again.
        else
          expect(model.hosts.slice(0, given).some((each) => isGood(each) && each.isEligible)).toBe(
            false,
          )
        expect(model.core.live.length).toBeLessThanOrEqual(model.hosts.length)
      },
    ),
    { numRuns: 300 },
  )
})
