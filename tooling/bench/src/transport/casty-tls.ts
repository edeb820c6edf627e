import { tcpTransport } from '@casty/transport-tcp'
import { casty } from './casty.ts'
import type { Credentials } from './messages.ts'
import type { Subject } from './subject.ts'

export function castyTls(tls: Credentials): Subject {
  return casty(tcpTransport({ tls }))
}
