import { tcpTransport } from '@casty/transport-tcp'
import { casty } from './casty.ts'
import type { Subject } from './subject.ts'

export const castyTcp: Subject = casty(tcpTransport())
