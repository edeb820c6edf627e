// What a member answers to the calls of clients.
import { CrdtError } from '@casty/crdt'
import type { AnyValue } from '../any-value.ts'
import { ReplicatorError } from '../errors.ts'
import type { Outcome } from '../outcome.ts'
import type { ClientOutcome, ClientRefusal } from './client-messages.ts'

export function refused(reason: ClientRefusal): ClientOutcome {
  return { type: 'refused', reason }
}

/** What a client is told of an outcome here: it has the value itself. */
export function counted(outcome: Outcome<AnyValue>): ClientOutcome {
  const { type, nodes } = outcome
  return type === 'confirmed' ? { type, nodes } : { type, nodes, needed: outcome.needed }
}

/** The call failed here: the client makes an error of its own of the reason. */
export function failed(error: unknown): ClientOutcome {
  return refused(reasonOf(error))
}

function reasonOf(error: unknown): ClientRefusal {
  if (error instanceof CrdtError && error.code === 'CASTY_CRDT_TYPE_MISMATCH')
    return 'type-mismatch'
  if (!(error instanceof ReplicatorError)) return 'failed'
  switch (error.code) {
    case 'CASTY_REPLICATOR_BUSY':
      return 'busy'
    case 'CASTY_REPLICATOR_FULL':
      return 'full'
    case 'CASTY_REPLICATOR_TOO_LARGE':
      return 'too-large'
    case 'CASTY_REPLICATOR_TYPE_MISMATCH':
      return 'type-mismatch'
    default:
      return 'failed'
  }
}
