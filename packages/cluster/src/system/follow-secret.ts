// Secrets of a config that change while the node runs: their files are read again now and then.
import type { Logger } from '@casty/actor'
import type { Clock } from '@casty/clock'
import type { ConfiguredSecret } from '../config/configured-secret.ts'

/** What is new has to be there so much later as well, in milliseconds: a file may be half-written. */
const sureAfterMs = 1_000

/** Puts in force what a config's files hold by now, and tells of it, until the result is disposed of. */
export function followSecret(
  secret: ConfiguredSecret,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger | undefined },
): Disposable {
  let timer: Disposable | undefined
  let awaited: string | undefined
  let failure: string | undefined
  let exposed = ''

  const look = (): void => {
    try {
      const found = secret.find()
      const isSure = found !== undefined && found === awaited
      awaited = isSure ? undefined : found
      if (isSure) {
        secret.take(found)
        logger?.info({}, 'The secret was read again, and what its file holds now is in force')
      }
      // What is not sure yet may still turn out to be no secret.
      if (awaited === undefined) failure = undefined
      tellExposed()
    } catch (error) {
      awaited = undefined
      // No text of theirs holds a secret.
      const message = error instanceof Error ? error.message : String(error)
      if (message !== failure) {
        logger?.warn({ error }, `The secret could not be read again, and stays. ${message}`)
      }
      failure = message
    }
    arm(awaited === undefined ? secret.reloadIntervalMs : sureAfterMs)
  }

  const tellExposed = (): void => {
    const files = secret.exposed()
    const text = JSON.stringify(files)
    if (text === exposed) return
    exposed = text
    for (const { file, mode } of files) {
      const details = { code: 'CASTY_SECRET_EXPOSED', file, mode }
      logger?.warn(details, `Others may read the secret in ${file} (${mode}): chmod 600`)
    }
  }

  const arm = (delayMs: number): void => {
    timer = clock.schedule(delayMs, look)
  }

  tellExposed()
  arm(secret.reloadIntervalMs)
  return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() }
}
