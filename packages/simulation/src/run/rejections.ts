// A promise that is rejected and that nobody handles ends a real process, so it is a violation of the
// run that it belongs to. Node tells the whole thread of it, not whom it concerns: with several runs
// at a time, all are told.
import process from 'node:process'

const listeners = new Set<(reason: unknown) => void>()

function tellAll(reason: unknown): void {
  for (const listener of listeners) listener(reason)
}

/** Calls `rejected` for every promise of this thread that nobody handles, until `work` is done. */
export async function watchingRejections<T>(
  rejected: (reason: unknown) => void,
  work: () => Promise<T>,
): Promise<T> {
  if (listeners.size === 0) process.on('unhandledRejection', tellAll)
  listeners.add(rejected)
  try {
    return await work()
  } finally {
    listeners.delete(rejected)
    if (listeners.size === 0) process.off('unhandledRejection', tellAll)
  }
}
