// Three nodes, each in a process and a network namespace of its own; what is wrong is wrong in the kernel's network.
import { describe, expect, test } from 'vitest'
import { NetworkedCluster, type NetworkOptions } from '../src/cluster.ts'
import type { Node } from '../src/node.ts'
import { whatIsMissing } from '../src/tools.ts'

const missing = await whatIsMissing()
if (missing !== undefined) console.warn(`Tests of networks are skipped: ${missing}.`)
/** All cases, or two for each transport that take a few seconds. */
const isLong = process.env['CASTY_NETWORKS'] === 'all'
const short = missing === undefined ? test : test.skip
const long = isLong && missing === undefined ? test : test.skip
if (missing === undefined && !isLong) {
  console.warn(
    'Seven tests of networks, for each of two transports, take minutes and are skipped: CASTY_NETWORKS=all runs them.',
  )
}

const hosts = ['a', 'b', 'c'] as const
const limitMs = 600_000

function expectNobodyDowned(cluster: NetworkedCluster): void {
  expect(cluster.toldOf(/^(?:member-downed|disorder)/)).toEqual([])
  expect(cluster.nodes.map(({ keys }) => keys.length)).toEqual([1, 1, 1])
}

/** Since it had told so much: what it talks by, and what it hears the others by. */
function hasOpenedAll(node: Node, since: number): boolean {
  const told = new Set(node.told.slice(since))
  return ['control b', 'control c', 'data b'].every((lane) => told.has(`opened ${lane}`))
}

describe.each(['tcp', 'ws'] as const)('over %s,', (transport) => {
  async function start(options: Omit<NetworkOptions, 'transport'> = {}): Promise<NetworkedCluster> {
    return await NetworkedCluster.start(hosts, { ...options, transport })
  }

  long('nobody is downed where three packets in ten are lost', { timeout: limitMs }, async () => {
    await using cluster = await start()
    for (const host of hosts) await cluster.lan.drop(host, 'numgen random mod 100 lt 30')
    cluster.node('a').instruct({ type: 'talk', to: 'b', bytes: 200 })
    cluster.node('b').instruct({ type: 'talk', to: 'c', bytes: 200 })
    await cluster.untilAnswered('a', 'b', 300)
    await cluster.untilAnswered('b', 'c', 300)
    expectNobodyDowned(cluster)
    for (const host of hosts) expect(await cluster.lan.dropped(host)).toBeGreaterThan(100)
    await cluster.lan.heal()
    await cluster.untilWell()
  })

  long(
    'a link that is cut one way breaks both ways, and downs nobody: the third one reaches both',
    { timeout: limitMs },
    async () => {
      await using cluster = await start()
      await cluster.lan.drop('b', `ip saddr ${cluster.lan.addressOf('a')}`)
      await cluster.untilTold('a', /^dial-failed control b timeout$/)
      await cluster.untilTold('b', /^dial-failed control a timeout$/)
      await cluster.untilTold('a', /^link-fault \S+ b$/)
      await cluster.untilTold('b', /^link-fault \S+ a$/)
      expectNobodyDowned(cluster)
      expect(cluster.toldOf(/^member-unreachable/)).toEqual([])
      expect(await cluster.lan.dropped('b')).toBeGreaterThan(0)
      await cluster.lan.heal()
      cluster.node('a').instruct({ type: 'talk', to: 'b', bytes: 100 })
      await cluster.untilAnswered('a', 'b', 5)
      expectNobodyDowned(cluster)
    },
  )

  long(
    'a link that loses large packets closes its data lane as silent, and small ones keep it alive',
    { timeout: limitMs },
    async () => {
      await using cluster = await start()
      cluster.node('a').instruct({ type: 'talk', to: 'b', bytes: 50 })
      await cluster.untilAnswered('a', 'b', 5)
      await cluster.lan.drop('b', `ip saddr ${cluster.lan.addressOf('a')} meta length gt 1000`)
      cluster.node('a').instruct({ type: 'talk', to: 'b', bytes: 4_000 })
      await cluster.untilTold('a', /^closed data b silent$/)
      expectNobodyDowned(cluster)
      expect(cluster.toldOf(/^member-unreachable/)).toEqual([])
      expect(await cluster.lan.dropped('b')).toBeGreaterThan(0)
      await cluster.lan.heal()
      await cluster.untilAnswered('a', 'b', 5)
    },
  )

  long(
    'bulk over a line of 64 kbit/s does not hold heartbeats up',
    { timeout: limitMs },
    async () => {
      await using cluster = await start()
      await cluster.lan.limit('c', 64)
      cluster.node('a').instruct({ type: 'talk', to: 'c', bytes: 2_000 })
      await cluster.untilAnswered('a', 'c', 60)
      expectNobodyDowned(cluster)
      expect(cluster.toldOf(/^member-unreachable/)).toEqual([])
      cluster.node('a').instruct({ type: 'talk', to: 'c', bytes: 0 })
      await cluster.lan.heal()
      await cluster.untilWell()
    },
  )

  long(
    'a host whose cable was off is unreachable, and back in the same life',
    { timeout: limitMs },
    async () => {
      await using cluster = await start()
      cluster.node('a').instruct({ type: 'talk', to: 'b', bytes: 100 })
      await cluster.untilAnswered('a', 'b', 5)
      await cluster.lan.cable('b', 'down')
      await cluster.untilTold('a', /^member-unreachable b$/)
      await cluster.lan.cable('b', 'up')
      await cluster.untilWell()
      await cluster.untilAnswered('a', 'b', 5)
      expectNobodyDowned(cluster)
    },
  )

  long(
    'an end that does not know that the other one has forgotten the connection finds out, and goes on in order',
    { timeout: limitMs },
    async () => {
      await using cluster = await start()
      const { lan } = cluster
      cluster.node('a').instruct({ type: 'talk', to: 'b', bytes: 100 })
      for (let round = 0; round < 3; round++) {
        await cluster.untilAnswered('a', 'b', 5)
        const [atA, atB] = [cluster.node('a').told.length, cluster.node('b').told.length]
        await lan.cable('b', 'down')
        await lan.reset('b') // What says so to the other end is lost with the cable.
        await cluster.untilTold('b', /^closed data a/, atB)
        await lan.cable('b', 'up')
        await cluster.untilTold('a', /^closed data b/, atA)
        await cluster.untilTold('a', /^opened data b/, atA)
        await cluster.untilWell()
      }
      await cluster.untilAnswered('a', 'b', 5)
      expectNobodyDowned(cluster)
    },
  )

  short(
    'connections that are reset under load again and again come back, in order, and nobody is suspected',
    { timeout: limitMs },
    async () => {
      await using cluster = await start()
      cluster.node('a').instruct({ type: 'talk', to: 'b', bytes: 500 })
      cluster.node('b').instruct({ type: 'talk', to: 'a', bytes: 500 })
      for (let round = 0; round < 10; round++) {
        await cluster.untilAnswered('a', 'b', 5)
        const since = cluster.node('a').told.length
        await cluster.lan.reset(round % 2 === 0 ? 'a' : 'b')
        await cluster.untilTold('a', /^closed data b/, since)
        await cluster.untilTold('a', /^opened data b/, since)
      }
      await cluster.untilAnswered('b', 'a', 5)
      expectNobodyDowned(cluster)
      expect(cluster.toldOf(/^member-unreachable/)).toEqual([])
    },
  )

  short(
    'a node without file descriptors goes on, blames nobody, and recovers',
    { timeout: limitMs },
    async () => {
      await using cluster = await start({ maxFiles: { a: 128 } })
      const node = cluster.node('a')
      node.instruct({ type: 'talk', to: 'b', bytes: 100 })
      await cluster.untilAnswered('a', 'b', 5)
      node.instruct({ type: 'exhaust' })
      await cluster.until('a has no files left', () => node.openFiles > 0)
      // New connections may be quicker to take the files that a reset lets go of: it is reset again, then.
      while (node.localFailures === 0) {
        const since = node.told.length
        await cluster.lan.reset('a')
        await cluster.until(
          'a is to blame, or has all its connections again',
          () => node.localFailures > 0 || hasOpenedAll(node, since),
        )
      }
      const blamed = node.told.filter(
        (text) => text.startsWith('dial-failed') && !text.endsWith('local'),
      )
      expect(blamed).toEqual([])
      node.instruct({ type: 'relax' })
      await cluster.untilWell()
      await cluster.untilAnswered('a', 'b', 5)
      expectNobodyDowned(cluster)
    },
  )

  long(
    'a host that gets another address under its name is found there, in the same life',
    { timeout: limitMs },
    async () => {
      await using cluster = await start()
      const { lan } = cluster
      cluster.node('a').instruct({ type: 'talk', to: 'c', bytes: 100 })
      await cluster.untilAnswered('a', 'c', 5)
      await lan.name({ a: lan.addressOf('a'), b: lan.addressOf('b'), c: '10.77.0.33' })
      await lan.move('c', lan.addressOf('c'), '10.77.0.33')
      await cluster.untilAnswered('a', 'c', 20)
      await cluster.untilWell()
      expectNobodyDowned(cluster)
    },
  )
})
