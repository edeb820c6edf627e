import { JournalError, type JournalHead } from '@casty/persistence'
import { headOf } from './event-page.ts'
import type { Session } from './session.ts'
import type { Statement } from './statements.ts'
import { utf8 } from './stored-record.ts'

/** How often a writer is refused for what has changed again when it asks why. */
const mostRefusals = 20

/** A statement that takes effect on the row of a stream, if it fits, and returns a row then. */
export interface GuardedWrite {
  readonly id: string
  /** Undefined where it is never refused for that. */
  readonly epoch: number | undefined
  readonly statement: Statement
  readonly values: readonly unknown[]
  /** Throws where what it is given is the reason why it did not fit. */
  readonly explain?: (head: JournalHead) => void
  /** Whether nothing is to be done where the stream has no row. @defaultValue false */
  readonly mayLack?: boolean
}

/**
 * Runs it. Where it did not fit, the row of the stream is read to tell why. Numbers and epochs only grow, so
 * the reason is one still; what is none any more has it tried again.
 *
 * @returns its row; undefined where there was nothing to do
 * @throws JournalError `CASTY_JOURNAL_FENCED`, or what `explain` throws
 */
export async function guardedWrite(
  session: Session,
  head: Statement,
  { id, epoch, statement, values, explain, mayLack = false }: GuardedWrite,
): Promise<unknown> {
  for (let refusals = 1; ; refusals++) {
    const [row] = await session.write(statement, values)
    if (row !== undefined) return row
    const found = await readHead(session, head, id)
    if (epoch !== undefined && epoch < found.epoch) {
      throw JournalError.fencedByEpoch(id, epoch, found)
    }
    explain?.(found)
    if (mayLack) return undefined
    if (refusals >= mostRefusals) throw JournalError.unavailable('write', 'nothing-written', { id })
  }
}

/** How far the events of an id go. */
export async function readHead(
  session: Session,
  head: Statement,
  id: string,
): Promise<JournalHead> {
  const [row] = await session.read(head, [utf8(id)])
  return headOf(row)
}
