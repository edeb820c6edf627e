// Signals of the process that end a system in good order.
import { constants } from 'node:os'

const unheard: readonly string[] = ['SIGKILL', 'SIGSTOP']

/** Whether a process can be told by that: of a name that is none it would never hear. */
export function canBeHeard(signal: unknown): signal is NodeJS.Signals {
  if (typeof signal !== 'string' || unheard.includes(signal)) return false
  return Object.hasOwn(constants.signals, signal)
}

/**
 * Calls `shutDown` at the first of the signals; when that is done, and nobody else listens, the process ends by the
 * same signal, as it would have without a listener.
 */
export function onSignals(
  signals: readonly NodeJS.Signals[],
  shutDown: () => Promise<void>,
): Disposable {
  const listener = async (signal: NodeJS.Signals): Promise<void> => {
    try {
      await shutDown()
    } finally {
      forget()
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
    }
  }
  const heard = (signal: NodeJS.Signals): void => void listener(signal).catch(() => {}) // It is told of by whoever shuts down.
  const forget = (): void => {
    for (const signal of signals) process.off(signal, heard)
  }
  for (const signal of signals) process.on(signal, heard)
  return { [Symbol.dispose]: forget }
}
