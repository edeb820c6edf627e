import type { ClusterView } from './cluster-view.ts'
import { remoteFrameTypes } from './frame-types.ts'
import type { Inbox } from './inbox.ts'

/** Has what comes for this layer given to its inbox, until they are disposed of. */
export function frameHandlers(
  endpoint: ClusterView['endpoint'],
  inbox: Inbox,
): readonly Disposable[] {
  const { messages, recipients, classes } = remoteFrameTypes
  return [
    endpoint.handle(
      messages,
      (from, bytes, start, end) => inbox.messages(from, bytes, start, end),
      { filtered: 'by-part' },
    ),
    endpoint.handle(recipients, (from, bytes, start, end) =>
      inbox.recipients(from, bytes, start, end),
    ),
    endpoint.handle(classes, (from, bytes, start, end) => inbox.classes(from, bytes, start, end)),
  ]
}
