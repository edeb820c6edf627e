import type { Scenario } from '../scenario.ts'
import { compared } from '../transport/compared.ts'

/** The same over WebSocket, beside the library that speaks it. */
export const scenario: Scenario = {
  name: 'transport-ws',
  description: 'the same over WebSocket, beside bare ws',
  async run(context) {
    const rows = await compared('casty-ws', { name: 'raw', subject: 'raw-ws' }, context)
    return { title: '@casty/transport-ws, data lane, loopback', rows, notes }
  },
}

const notes = [
  'raw: bare ws, 4-byte length, one binary message per turn, no compression, same workload, same run.',
  'A ratio is the median of the ratios of neighbouring measurements; of processor time, less is better.',
]
