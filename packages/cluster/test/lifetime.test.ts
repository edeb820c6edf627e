// How a system starts, and how it ends: by its user, by a signal of the process, or by its cluster.
import type { ActorRef } from '@casty/actor'
import { Behaviors, ClusteredActorSystem, type ClusteredActorSystemOptions } from '@casty/cluster'
import { describe, expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => 'resolved',
    (error: unknown) => (error as { readonly code?: unknown }).code ?? error,
  )
}

function thrownBy(act: () => unknown): unknown {
  try {
    act()
    return 'nothing'
  } catch (error) {
    return (error as { readonly code?: unknown }).code
  }
}

const nameless = { serialize: () => new Uint8Array(0), deserialize: () => undefined }

const echo = Behaviors.receive<ActorRef<string>>((replyTo) => replyTo.tell('here'))

describe('a start', () => {
  test('resolves when the required quorum is up', async () => {
    const world = new SystemWorld()
    await using _ = world
    const a = ClusteredActorSystem.start({ ...world.optionsFor('a'), requiredQuorum: 2 })
    let isStarted = false
    void a.then(() => (isStarted = true))
    await world.pass(5_000)
    expect(isStarted).toBe(false)
    await world.start('b', { requiredQuorum: 2 })
    world.add('a', await world.settled(a))
    expect(world.node('a').getClusterState().members).toHaveLength(2)
  })

  test('rejects without the quorum, and leaves nothing behind', async () => {
    const world = new SystemWorld()
    await using _ = world
    const options = { ...world.optionsFor('a'), requiredQuorum: 2, quorumTimeoutMs: 3_000 }
    const outcome = codeOf(ClusteredActorSystem.start(options))
    expect(await world.settled(outcome)).toBe('CASTY_MEMBERSHIP_TIMEOUT')
    await world.start('a') // The address is free again.
    expect(world.clock.now()).toBeLessThan(10_000)
  })

  test('ends by its signal', async () => {
    const world = new SystemWorld()
    await using _ = world
    const controller = new AbortController()
    const { signal } = controller
    const options = { ...world.optionsFor('a'), requiredQuorum: 2, signal }
    const outcome = codeOf(ClusteredActorSystem.start(options))
    await world.pass(1_000)
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await world.settled(outcome)).toBe(reason)
    await world.start('a')
  })

  test('ends by a signal that comes while it binds, too', async () => {
    const world = new SystemWorld()
    await using _ = world
    const controller = new AbortController()
    const { signal } = controller
    const outcome = codeOf(ClusteredActorSystem.start({ ...world.optionsFor('a'), signal }))
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await world.settled(outcome)).toBe(reason)
    await world.start('a')
  })

  test.each<[string, string, object]>([
    ['CASTY_CLUSTER_INVALID_OPTION', 'an option that is not known', { seeds: [] }],
    ['CASTY_CLUSTER_INVALID_OPTION', 'a quorum of nobody', { requiredQuorum: 0 }],
    ['CASTY_CLUSTER_INVALID_OPTION', 'no time at all', { quorumTimeoutMs: 0 }],
    ['CASTY_CLUSTER_INVALID_OPTION', 'a signal for a list', { shutdownOnSignals: 'SIGTERM' }],
    ['CASTY_CLUSTER_INVALID_OPTION', 'a signal misspelt', { shutdownOnSignals: ['SIGTREM'] }],
    ['CASTY_CLUSTER_INVALID_OPTION', 'a signal nobody hears', { shutdownOnSignals: ['SIGKILL'] }],
    ['CASTY_CLUSTER_INVALID_OPTION', 'a number for sharding', { sharding: 5 }],
    ['CASTY_CLUSTER_INVALID_OPTION', 'no strategy', { sharding: { strategy: {} } }],
    ['CASTY_CLUSTER_INVALID_OPTION', 'a number for a detector', { failureDetector: 5 }],
    ['CASTY_CLUSTER_INVALID_OPTION', 'a number of clients', { clients: 5 }],
    ['CASTY_CLUSTER_INVALID_OPTION', 'a config that is none', { config: { cluster: {} } }],
    ['CASTY_REMOTE_INVALID_OPTION', 'a serializer without a name', { serializer: nameless }],
    ['CASTY_MEMBERSHIP_INVALID_OPTION', 'no transport', { transport: undefined }],
    ['CASTY_MEMBERSHIP_INVALID_OPTION', 'a role for a list', { roles: 'worker' }],
    ['CASTY_ACTOR_INVALID_OPTION', 'a mailbox for nothing', { mailbox: { capacity: 0 } }],
    ['CASTY_REMOTE_INVALID_OPTION', 'no serializer', { serializer: {} }],
    ['CASTY_SHARDING_INVALID_OPTION', 'a lease of no time', { sharding: { leaseMs: 0 } }],
    ['CASTY_SHARDING_INVALID_OPTION', 'room for no client', { sharding: { maxClients: 0 } }],
    ['CASTY_SBR_INVALID_OPTION', 'a downing that is none', { downing: {} }],
  ])('rejects with %s for %s, and leaves nothing behind', async (code, _what, wrong) => {
    const world = new SystemWorld()
    await using _ = world
    const options = { ...world.optionsFor('a'), ...wrong } as ClusteredActorSystemOptions
    expect(await world.settled(codeOf(ClusteredActorSystem.start(options)))).toBe(code)
    await world.start('a')
  })
})

describe('a shutdown', () => {
  test('goes through its phases, hands over, and is seen by the others', async () => {
    await using world = await SystemWorld.start('a b')
    const [a, b] = [world.node('a'), world.node('b')]
    const behavior = Behaviors.sharded(() => echo, { numShards: 4 })
    a.spawn(behavior, 'echo')
    const region = b.spawn(behavior, 'echo')
    await world.pass(3_000)
    const steps: string[] = []
    const shardsOf = (): number => b.region(region).statistics().shards
    for (const phase of ['refuse', 'drain', 'leave', 'release'] as const) {
      b.beforeShutdown(phase, () => {
        const shards = phase === 'release' ? 0 : shardsOf()
        steps.push(`${phase}, ${shards} shards, ${b.cluster.getState().members.length} members`)
      })
    }
    b.eventStream.subscribe('actor-stopped', ({ ref }) => {
      if (ref.path === '/last') steps.push('actors stop')
    })
    b.spawn(echo, 'last')
    await world.shutdown('b')
    expect(steps).toEqual([
      'refuse, 2 shards, 2 members',
      'drain, 2 shards, 2 members',
      'leave, 2 shards, 2 members',
      'actors stop',
      'release, 0 shards, 1 members',
    ])
    expect(await b.terminated).toBe('shut-down')
    await world.until(() => a.getClusterState().members.length === 1)
    const answer = a.entityAsk('echo', 'x', (replyTo: ActorRef<string>) => replyTo)
    expect(await world.settled(answer)).toBe('here')
  })

  test('happens once, and ends what is used afterwards with a typed error', async () => {
    await using world = await SystemWorld.start('a')
    const a = world.node('a')
    const ref = a.spawn(echo, 'echo')
    const waiting = codeOf(a.barrier('start', 2))
    await world.settled(Promise.all([a.shutdown(), a.shutdown()]))
    expect(await waiting).toBe('CASTY_CLUSTER_STOPPED')
    expect(await codeOf(a.ask(ref, (replyTo: ActorRef<string>) => replyTo))).toBe(
      'CASTY_CLUSTER_STOPPED',
    )
    expect(await codeOf(a.waitFor(1))).toBe('CASTY_CLUSTER_STOPPED')
    expect(await codeOf(a.barrier('start', 2))).toBe('CASTY_CLUSTER_STOPPED')
    expect(thrownBy(() => a.spawn(echo))).toBe('CASTY_CLUSTER_STOPPED')
    expect(thrownBy(() => a.lookup('/echo'))).toBe('CASTY_CLUSTER_STOPPED')
    expect(a.explain().summary).toContain('was shut down')
  })

  test('comes to an end although an actor hangs', async () => {
    const world = new SystemWorld()
    const a = await world.start('a', { stopTimeoutMs: 2_000 })
    const hangs = Behaviors.receive<'go'>(async () => await new Promise<void>(() => {}))
    a.spawn(hangs, 'hangs').tell('go')
    await world.pass()
    expect(await world.settled(codeOf(a.shutdown()))).toBe('CASTY_ACTOR_SHUTDOWN_TIMEOUT')
    expect(await a.terminated).toBe('shut-down')
  })

  test('comes with a signal of the process, where that is wished', async () => {
    const world = new SystemWorld()
    await using _ = world
    const others = (): void => {} // Somebody else listens: the process is not to end.
    process.on('SIGUSR2', others)
    try {
      const a = await world.start('a', { shutdownOnSignals: ['SIGUSR2'] })
      expect(process.listeners('SIGUSR2')).toHaveLength(2)
      process.emit('SIGUSR2', 'SIGUSR2')
      expect(await world.settled(a.terminated)).toBe('shut-down')
      expect(process.listeners('SIGUSR2')).toEqual([others])
    } finally {
      process.off('SIGUSR2', others)
    }
  })

  test('comes with a signal while start waits for its quorum, and the others are told', async () => {
    await using world = await SystemWorld.start('a')
    const others = (): void => {} // Somebody else listens: the process is not to end.
    process.on('SIGUSR2', others)
    try {
      const options = { requiredQuorum: 3, shutdownOnSignals: ['SIGUSR2'] as const }
      const starting = codeOf(ClusteredActorSystem.start({ ...world.optionsFor('b'), ...options }))
      const members = (): readonly string[] =>
        world
          .node('a')
          .getClusterState()
          .members.map(({ status }) => status)
      await world.until(() => members().join(' ') === 'up up')
      const left: string[] = []
      world.node('a').eventStream.subscribe('member-removed', ({ previousStatus }) => {
        left.push(previousStatus)
      })
      process.emit('SIGUSR2', 'SIGUSR2')
      expect(await world.settled(starting)).toBe('CASTY_CLUSTER_STOPPED')
      await world.until(() => members().length === 1, 5_000)
      expect(left).toEqual(['exiting']) // It was not lost, but left.
      expect(process.listeners('SIGUSR2')).toEqual([others])
    } finally {
      process.off('SIGUSR2', others)
    }
  })

  test('comes with a signal also before anybody has let the node in', async () => {
    const world = new SystemWorld()
    await using _ = world
    const others = (): void => {}
    process.on('SIGUSR2', others)
    try {
      const options = { requiredQuorum: 2, shutdownOnSignals: ['SIGUSR2'] as const }
      const starting = codeOf(ClusteredActorSystem.start({ ...world.optionsFor('b'), ...options }))
      await world.pass(5_000)
      const before = world.clock.now()
      process.emit('SIGUSR2', 'SIGUSR2')
      expect(await world.settled(starting)).toBe('CASTY_CLUSTER_STOPPED')
      expect(world.clock.now() - before).toBeLessThan(2_000)
    } finally {
      process.off('SIGUSR2', others)
    }
  })

  test('of the layer below ends the rest', async () => {
    await using world = await SystemWorld.start('a')
    const a = world.node('a')
    a.spawn(echo, 'echo')
    await world.settled(a.cluster.shutdown())
    expect(await world.settled(a.terminated)).toBe('shut-down')
    expect(a.actors.lookup('/echo')).toBeUndefined()
  })
})

describe('a node that the cluster decided against', () => {
  test('stops its actors and entities, tells so, and cannot be used any more', async () => {
    await using world = await SystemWorld.start('a b')
    const [a, b] = [world.node('a'), world.node('b')]
    const stopped: string[] = []
    const told: string[] = []
    const lasting = Behaviors.withLifecycle(echo, {
      postStop: (context) => void stopped.push(context.self.path),
    })
    b.spawn(lasting, 'plain')
    const region = b.spawn(
      Behaviors.sharded(() => lasting, { numShards: 2 }),
      'echo',
    )
    await world.settled(b.entityAsk(region, 'x', (replyTo: ActorRef<string>) => replyTo))
    b.eventStream.subscribe('self-downed', ({ self }) => void told.push(self))
    const waiting = codeOf(b.barrier('start', 2))
    a.cluster.down(b.selfNode)
    expect(await world.settled(b.terminated)).toBe('downed')
    expect(stopped).toEqual(expect.arrayContaining(['/plain', expect.stringMatching(/echo.*x/)]))
    expect(told).toEqual([b.selfNode.key])
    expect(await waiting).toBe('CASTY_CLUSTER_DOWNED')
    expect(thrownBy(() => b.spawn(echo))).toBe('CASTY_CLUSTER_DOWNED')
    expect(await codeOf(b.waitFor(1))).toBe('CASTY_CLUSTER_DOWNED')
    const asked = b.ask(region, (replyTo: ActorRef<string>) => ({
      entityId: 'x',
      message: replyTo,
    }))
    expect(await codeOf(asked)).toBe('CASTY_CLUSTER_DOWNED')
    expect(b.explain().summary).toContain('decided against this node')
    await world.settled(b.shutdown())
  })

  test('is the smaller side of a partition, unless told otherwise', async () => {
    await using world = await SystemWorld.start('a b c')
    const [a, b, c] = [world.node('a'), world.node('b'), world.node('c')]
    world.network.partition([a.selfNode.address, b.selfNode.address], [c.selfNode.address])
    expect(await world.settled(c.terminated, 60_000)).toBe('downed')
    await world.until(() => a.getClusterState().members.length === 2)
    expect(thrownBy(() => a.lookup('/x'))).toBe('nothing')
  })
})
