import { wsTransport } from '@casty/transport-ws'
import { casty } from './casty.ts'
import type { Subject } from './subject.ts'

export const castyWs: Subject = casty(wsTransport())
