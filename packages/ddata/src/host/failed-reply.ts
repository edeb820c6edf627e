import { ReplyWriter } from '../protocol/messages.ts'

/** So many causes of causes are looked at. */
const maxCauses = 8

/**
 * What an error comes down to, for whoever called: of its causes, the innermost that is one of casty's own. Those around it
 * only say what failed for that reason, and those within concern who runs the nodes. A sentence without its end.
 */
export function reasonOf(error: unknown): string {
  const causes: Error[] = []
  for (let one = error; one instanceof Error && causes.length < maxCauses; one = one.cause) {
    causes.push(one)
  }
  const own = causes.findLast((one) => 'code' in one && String(one.code).startsWith('CASTY_'))
  const [outermost] = causes
  return (own ?? outermost)?.message.replace(/\.$/, '') || 'it cannot go on'
}

/** The reply of a part that can do nothing for now. @param why - a sentence without its end */
export function failedReply(why: string, epoch: number): Uint8Array {
  const reply = new ReplyWriter()
  reply.add({ type: 'failed', why })
  return reply.take(epoch)
}
