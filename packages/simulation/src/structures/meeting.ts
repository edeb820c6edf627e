// What users do at barriers.
import { wayMs } from './acts.ts'
import { recordOf } from './record.ts'
import { structuresSettings } from './settings.ts'
import type { StructuresRun } from './structures-run.ts'
import type { StructuresUser } from './user.ts'

export async function arrive(
  run: StructuresRun,
  user: StructuresUser,
  expected: number,
  timeoutMs: number,
): Promise<boolean> {
  const record = recordOf(run)
  const name = `barrier of ${expected}`
  const { sessionTtlMs } = structuresSettings(run.plan)
  const arrival = record.barriers.arrives(name, user.name, expected, run.world.now)
  const outcome = await user.call(
    `arrive at ${name}`,
    timeoutMs + wayMs + sessionTtlMs,
    async () => await user.distributed.barrier(name).arrive(expected, { timeoutMs }),
  )
  arrival.to = run.world.now
  if (outcome.type === 'ok') {
    arrival.end = outcome.value
    record.reach('a round is completed')
  } else arrival.end = outcome.type === 'failed' && outcome.applied === 'no' ? 'no' : 'unknown'
  return outcome.type === 'ok'
}
