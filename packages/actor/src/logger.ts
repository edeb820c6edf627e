/** What pino, and most other loggers, look like. Nothing is logged without one. */
export interface Logger {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

/** The same, which does not throw: whoever tells it something goes on. */
export function unthrowing(logger: Logger): Logger {
  const say = (level: keyof Logger, details: object, message: string): void => {
    try {
      logger[level](details, message)
    } catch {
      // There is nowhere left to say so.
    }
  }
  return {
    debug: (details, message) => say('debug', details, message),
    info: (details, message) => say('info', details, message),
    warn: (details, message) => say('warn', details, message),
    error: (details, message) => say('error', details, message),
  }
}
