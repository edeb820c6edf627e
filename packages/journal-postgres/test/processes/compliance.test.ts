import { afterAll, beforeAll, describe } from 'vitest'
import { journalCompliance } from '@casty/persistence/compliance'
import { hasNoServer, World } from './world.ts'

describe.skipIf(hasNoServer)('over a real server', () => {
  let world: World
  beforeAll(async () => {
    world = await World.start()
  })
  afterAll(async () => await world[Symbol.asyncDispose]())

  journalCompliance('postgresJournal', {
    create: () => world.store(),
    histories: Number(process.env['CASTY_HISTORIES'] ?? 3),
  })
})
