import { ReplyWriter } from '../protocol/messages.ts'

/** What people can do something about: of an error with a cause, what the first cause says. A sentence without its end. */
export function whyOf(error: unknown): string {
  let first = error
  while (first instanceof Error && first.cause instanceof Error) first = first.cause
  return first instanceof Error ? first.message.replace(/\.$/, '') : 'it cannot go on'
}

/** A reply of a part that can do nothing for now. */
export function whyNot(why: string, epoch: number): Uint8Array {
  const reply = new ReplyWriter()
  reply.add({ type: 'failed', why })
  return reply.take(epoch)
}
