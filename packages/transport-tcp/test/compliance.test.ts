import { transportCompliance } from '@casty/transport/compliance'
import { tcpTransport } from '@casty/transport-tcp'
import { loopback } from './support.ts'

transportCompliance('tcpTransport', { create: () => tcpTransport(), anyAddress: loopback })
