import { afterAll, beforeAll, describe } from 'vitest'
import { leaseCompliance } from '@casty/sbr/compliance'
import { timing } from './timing.ts'
import { hasNoServer, World } from './world.ts'

// Most of them wait for a lease to run out, which is real time.
describe.skipIf(hasNoServer)('over a real server', { concurrent: true }, () => {
  let world: World
  beforeAll(async () => {
    world = await World.start()
  })
  afterAll(async () => await world[Symbol.asyncDispose]())

  leaseCompliance('postgresLease', {
    open: async (name, owner) =>
      world.lease(owner, { ...timing, name, connectionString: await world.through(owner) }),
    ttlMs: timing.ttlMs,
    pass: (ms) => world.pass(ms),
    cut: async (owner, what) => (await world.relay(owner)).lose(what),
    mend: async (owner) => (await world.relay(owner)).pass(),
    take: async (name) => {
      await world.sql(`UPDATE casty_leases SET expires_at = '-infinity' WHERE name = '${name}'`)
    },
  })
})
