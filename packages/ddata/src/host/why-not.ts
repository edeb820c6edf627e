import { ReplyWriter } from '../protocol/messages.ts'

/** Causes of causes that are looked at. */
const maxCauses = 8

/**
 * What people can do something about: of an error with causes, what the first one says that is casty's own. Others
 * name what concerns those who run the nodes. A sentence without its end.
 */
export function whyOf(error: unknown): string {
  const causes: Error[] = []
  for (let one = error; one instanceof Error && causes.length < maxCauses; one = one.cause) {
    causes.push(one)
  }
  const own = causes.findLast((one) => 'code' in one && String(one.code).startsWith('CASTY_'))
  const [last] = causes
  return (own ?? last)?.message.replace(/\.$/, '') || 'it cannot go on'
}

/** A reply of a part that can do nothing for now. */
export function whyNot(why: string, epoch: number): Uint8Array {
  const reply = new ReplyWriter()
  reply.add({ type: 'failed', why })
  return reply.take(epoch)
}
