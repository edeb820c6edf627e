// What programs that tests start in processes of their own say to them over IPC.

/** What ended a program that could not go on. */
export interface Failed {
  readonly type: 'failed'
  readonly message: string
}

/** The one who started this process. */
export interface Parent<Report> {
  /** What cannot be sent is of no use any more: `disconnect` follows. */
  report(this: void, what: Report, then?: () => void): void
  /** Ends the process; what waits for this waits until then. */
  fail(this: void, reason: unknown): Promise<never>
}

/** Of a program that reports, among others, why it failed. */
export function parent<Report extends { readonly type: string }>(): Parent<Report | Failed> {
  return { report, fail }
}

function report(what: object, then: () => void = () => {}): void {
  if (process.connected) process.send?.(what, undefined, undefined, then)
}

function fail(reason: unknown): Promise<never> {
  const message = reason instanceof Error ? String(reason.stack) : String(reason)
  report({ type: 'failed', message } satisfies Failed, () => process.exit(1))
  return new Promise(() => {})
}
