import { wsTransport } from '@casty/transport-ws'
import { casty } from './casty.ts'
import type { Credentials } from './messages.ts'
import type { Subject } from './subject.ts'

export function castyWss(tls: Credentials): Subject {
  return casty(wsTransport({ tls }))
}
