import type { EndpointEvent } from '@casty/transport'
import type { Logger } from './options.ts'

/** Warns of who is kept out, since it is not who it says it is. @returns whether the event was of such a one */
export function warnOfStranger(event: EndpointEvent, logger: Logger): boolean {
  if (event.type === 'authentication-failed') {
    const { side, source, claimed, detail, untold } = event
    const details = { side, source, claimed: claimed?.key, detail, untold }
    logger.warn(details, 'A peer has not proved who it is')
    return true
  }
  if (event.type === 'dial-back-failed') {
    const { source, claimed, detail, untold } = event
    const details = { source, claimed: claimed.key, detail, untold }
    logger.warn(details, 'A node is not found at the address that it gives, and stays out')
    return true
  }
  return false
}
