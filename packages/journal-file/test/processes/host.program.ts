// Holds journals for a test, in a process that can be killed. One answer for each request.
import { openFileJournal } from '@casty/journal-file'
import { isJournalError, type EventJournal } from '@casty/persistence'
import type { HostAnswer, HostRequest } from './host.ts'

const journals = new Map<number, EventJournal>()
const iterators = new Map<number, AsyncIterator<unknown>>()

process.on('message', (message) => {
  // As the test next door sends it.
  void answer(message as HostRequest)
})

async function answer(request: HostRequest): Promise<void> {
  process.send?.(await outcomeOf(request))
}

async function outcomeOf(request: HostRequest): Promise<HostAnswer> {
  const { call } = request
  try {
    return { call, value: await carryOut(request) }
  } catch (error) {
    if (!isJournalError(error)) return { call, error: { message: String(error) } }
    const { code, message, outcome, id, sequenceNr, place, head } = error
    return { call, error: { code, message, outcome, id, sequenceNr, place, head } }
  }
}

async function carryOut({ call, journal: key, todo }: HostRequest): Promise<unknown> {
  if (todo.type === 'open') {
    const opened = await openFileJournal(todo.options)
    journals.set(key, opened)
    return opened.limits
  }
  const journal = journals.get(key)
  if (!journal) throw new Error('no such journal')
  switch (todo.type) {
    case 'close':
      return await journal[Symbol.asyncDispose]()
    case 'append':
      return await journal.append(...todo.parameters)
    case 'claim':
      return await journal.claim(...todo.parameters)
    case 'highest':
      return await journal.highest(...todo.parameters)
    case 'deleteEvents':
      return await journal.deleteEvents(...todo.parameters)
    case 'saveSnapshot':
      return await journal.saveSnapshot(...todo.parameters)
    case 'latestSnapshot':
      return await journal.latestSnapshot(...todo.parameters)
    case 'deleteSnapshots':
      return await journal.deleteSnapshots(...todo.parameters)
    case 'events':
      iterators.set(call, journal.events(...todo.parameters)[Symbol.asyncIterator]())
      return undefined
    case 'ids':
      iterators.set(call, journal.ids()[Symbol.asyncIterator]())
      return undefined
    case 'next':
      return await iterators.get(todo.iterator)?.next()
    case 'leave':
      await iterators.get(todo.iterator)?.return?.()
      iterators.delete(todo.iterator)
      return undefined
  }
}
