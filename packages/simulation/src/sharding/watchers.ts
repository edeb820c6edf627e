// What looks at a run while it goes: who has which right, what happens to processes, and which rare states it comes to.
import type { ShardingMessage } from '@casty/sharding'
import { supervising } from '../membership/supervisor.ts'
import type { WriteEvent } from '../world/trace.ts'
import { messagesIn } from './mines.ts'
import { keyOf, recordOf, type ShardingRecord } from './record.ts'
import { entityIds } from './settings.ts'
import type { ShardingRun, ShardingWatcher } from './sharding-run.ts'

/** Whoever the cluster decided against is started again after a while, as a supervisor would. */
export function supervisor(run: ShardingRun): ShardingWatcher {
  const { ended, finished } = supervising(run)
  const record = recordOf(run)
  return {
    ended(process) {
      record.disks.ended(process.host)
      record.lost() // Also where it left: what is on its way to it then comes too late.
      ended(process)
    },
    healing() {
      record.journal.heal()
      record.mines.clear()
    },
    finished,
  }
}

/** Notes who is lost, and to whom: what copies must outlive hangs on that. */
export function losses(run: ShardingRun): ShardingWatcher {
  const { survival } = recordOf(run)
  return {
    changed: (process, state, before) => survival.seen(process, state, before, run.world.now),
    ended(process) {
      survival.ended(process, run.world.now)
      for (const id of entityIds(run)) {
        const key = keyOf('copied', id)
        if (survival.lastWriter(key) === process) {
          recordOf(run).reach('copies go to another owner when theirs dies')
        }
      }
    },
  }
}

/** Notes what messages tell, and springs mines. */
export function messages(run: ShardingRun): ShardingWatcher {
  const record = recordOf(run)
  return {
    wrote(write) {
      record.mines.wrote(write)
      if (write.stage === 'arrived') noteRareStates(record, write)
    },
  }
}

function noteRareStates(record: ShardingRecord, { bytes }: WriteEvent): void {
  for (const { name, message } of messagesIn(bytes)) {
    if (name === 'returned') record.reach('a message comes back, and is sent on')
    if (message) noteMessage(record, message)
  }
}

function noteMessage(record: ShardingRecord, message: ShardingMessage): void {
  switch (message.type) {
    case 'resign':
      record.reach('a coordinator resigns')
      return
    case 'snapshot':
      record.reach('a table is sent as a whole')
      return
    case 'refusal':
      if (message.reason === 'promised') {
        record.reach('two take themselves for the one who may give out shards')
      }
      return
    case 'round':
      if (message.isFounding && message.version.seq > 0) record.reach('a table is begun anew')
      return
    case 'epoch-behind':
      // Who keeps copies says so of every shard that moves.
      if (message.shard.typeName === 'ledger') record.reach('an epoch is below what has written')
      return
    default:
  }
}
