import type { Scenario } from '../scenario.ts'
import { compared } from '../transport/compared.ts'

/** An association over TCP beside the bare sockets it is made of. */
export const scenario: Scenario = {
  name: 'transport',
  description: 'messages and requests per second between two processes, beside bare node:net',
  async run(context) {
    const rows = await compared('casty', { name: 'raw', subject: 'raw' }, context)
    return { title: '@casty/transport-tcp, data lane, loopback', rows, notes }
  },
}

const notes = [
  'raw: node:net, 4-byte length, one write per turn, same workload, same run.',
  'A ratio is the median of the ratios of neighbouring measurements; of processor time, less is better.',
]
