import { interleave } from '../interleave.ts'
import type { Row, Scenario } from '../scenario.ts'
import { compared } from '../transport/compared.ts'
import { benchCredentials } from '../transport/credentials.ts'
import { castyHandshakes, rawHandshakes } from '../transport/handshakes.ts'

/** The same with TLS, beside the sockets it is made of, and what it takes to come about. */
export const scenario: Scenario = {
  name: 'transport-tls',
  description: 'the same over TCP with TLS, beside bare node:tls; handshakes per second',
  async run(context) {
    const tls = await benchCredentials()
    context.progress('handshakes')
    const { ours, bare } = await interleave(context.repetitions, {
      bare: () => rawHandshakes(tls),
      ours: () => castyHandshakes(tls),
    })
    const handshakes: Row = {
      what: 'handshakes, one after the other',
      unit: 'handshakes/s',
      samples: ours,
      reference: { name: 'raw', samples: bare },
    }
    const rows = await compared('casty-tls', { name: 'raw', subject: 'raw-tls' }, context)
    const title = '@casty/transport-tcp with TLS, data lane, loopback'
    return { title, rows: [handshakes, ...rows], notes }
  },
}

const notes = [
  'raw: node:tls, TLS 1.3, both ends verified, 4-byte length, one write per turn, same workload, same run.',
  'Handshakes: ECDSA on P-256, no session resumed, both ends in one process, until both ends have verified the other.',
  'A ratio is the median of the ratios of neighbouring measurements; of processor time, less is better.',
]
