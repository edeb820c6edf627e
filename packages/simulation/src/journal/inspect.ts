// Reads what is in a journal past all actors, and holds it against what must be there.
import { isJournalError } from '@casty/persistence'
import type { JournalHost } from './host.ts'
import type { JournalRun } from './journal-run.ts'
import { recordOf } from './record.ts'

/** Resolves to whether all that is not deleted could be read. */
export async function inspect(run: JournalRun, program: JournalHost, id: string): Promise<boolean> {
  const { host, journal } = program
  if (journal === undefined) return false
  const record = recordOf(run)
  const model = record.model(host, id)
  try {
    const head = await journal.highest(id)
    program.judge(model.head(head), id)
    const range = { fromSequenceNr: head.deletedTo + 1, toSequenceNr: head.sequenceNr }
    let next = range.fromSequenceNr
    for await (const { sequenceNr, epoch, bytes } of journal.events(id, range)) {
      const name = nameIn(bytes)
      const known = model.known[sequenceNr - 1]
      if (sequenceNr !== next || (known !== undefined && known !== name)) {
        const text = `event ${next} was ${known}; read is event ${sequenceNr}, ${name} (epoch ${epoch})`
        program.judge({ checker: 'recovery sees no hole', text }, id)
      }
      next++
    }
    if (next <= head.sequenceNr) {
      const text = `events ${next} to ${head.sequenceNr} are missing, and nobody says so`
      program.judge({ checker: 'recovery sees no hole', text }, id)
    }
    return true
  } catch (error) {
    if (!isJournalError(error)) throw error
    if (error.code === 'CASTY_JOURNAL_DAMAGED' && program.isAlive) record.toldOfDamage(host, error)
    return false
  }
}

function nameIn(bytes: Uint8Array): string {
  // The codec of the actors, which wrote this.
  const event = JSON.parse(new TextDecoder().decode(bytes)) as { readonly name?: string }
  return event.name ?? 'nothing'
}
