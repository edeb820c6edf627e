// What is there in the end, held against what clients were told: in the journal that all share, and in the copies.
import type { HealStage } from '../run/scenario.ts'
import type { Added } from './entities.ts'
import type { Claim } from './fences.ts'
import { calm } from './moves.ts'
import { keyOf, recordOf, type TypeName } from './record.ts'
import { copiesOf, entityIds, shardingSettings } from './settings.ts'
import type { ShardingRun } from './sharding-run.ts'
import { LostWrites, type MayLose } from './lost-writes.ts'

/** For so long, a connection may be open on one side alone after its way was bad, in milliseconds. */
const halfOpenMs = 10_000

export function finalEventsAreRight(run: ShardingRun): HealStage {
  let isRead = false
  const read = async (): Promise<void> => {
    for (const id of entityIds(run)) {
      check(run, 'ledger', id, await eventsInJournal(run, id))
      check(run, 'copied', id, await eventsInCopies(run, id))
    }
    isRead = true
  }
  return {
    name: 'the journal is read',
    withinMs: 5_000,
    begin() {
      void read()
      allIsAccountedFor(run)
    },
    isDone: () => isRead,
    explain: () => 'it was not',
  }
}

async function eventsInJournal(run: ShardingRun, id: string): Promise<readonly Added[]> {
  const events: Added[] = []
  for await (const { bytes } of recordOf(run).journal.server.events(id)) {
    // The codec of the entities, which wrote this.
    events.push(JSON.parse(new TextDecoder().decode(bytes)) as Added)
  }
  return events
}

/** As the owner of the copies says. */
async function eventsInCopies(run: ShardingRun, id: string): Promise<readonly Added[]> {
  const [process] = run.world.processes
  await process?.program?.send('copied', id, { ...calm, isRead: true })
  return recordOf(run).told.get(keyOf('copied', id)) ?? []
}

function check(run: ShardingRun, type: TypeName, id: string, events: readonly Added[]): void {
  const { answers, fences, survival } = recordOf(run)
  const key = keyOf(type, id)
  const { minAcks } = copiesOf(run)
  const inMemory = type === 'copied' && !shardingSettings(run.plan).hasDisks
  const mayLose: MayLose = (from, to) => inMemory && survival.mayLose(key, minAcks, from, to)
  // A claim is a write as well: whoever may forget that takes what it refused.
  const isForgotten = (claims: readonly Claim[]): boolean => {
    const writes = claims.map(({ at }) => ({ askedAt: at, answeredAt: at }))
    const [first] = writes
    return first !== undefined && new LostWrites(writes, () => false, mayLose).mayBeLost(first)
  }
  const finding =
    fences.check(key, events, isForgotten) ??
    answers.check(key, events, mayLose, () =>
      recordOf(run).reach('more copies are lost than must be outlived'),
    )
  if (finding) run.violate(finding.checker, finding.text)
}

/** Whoever sent a message, or dropped it, knows what became of it. */
function allIsAccountedFor(run: ShardingRun): void {
  const { letters, lossesAt } = recordOf(run)
  for (const { letter, key, sentAt, handledAt, dead } of letters.all) {
    if (handledAt !== undefined || dead !== undefined) continue
    const isExcused =
      lossesAt.some((at) => at >= sentAt) ||
      run.world.disturbances.wasAnyLinkBad(sentAt - halfOpenMs)
    if (isExcused) continue
    const text = `${letter.uid} of ${letter.from} to ${key} was sent at ${sentAt.toFixed(0)} ms, and nobody knows of it`
    run.violate('messages are accounted for', text)
  }
}
