import { tcpTransport } from '@casty/transport-tcp'
import { wsTransport } from '@casty/transport-ws'
import { interleave } from '../interleave.ts'
import { speedsOf, usesOf, type PairFigures } from '../pair.ts'
import type { Context, Row, Scenario } from '../scenario.ts'
import { compared } from '../transport/compared.ts'
import { benchCredentials } from '../transport/credentials.ts'
import { castyHandshakes, rawHandshakes, rawWsHandshakes } from '../transport/handshakes.ts'

/** The same with TLS, beside the sockets it is made of, and what it takes to come about. */
export const scenario: Scenario = {
  name: 'transport-tls',
  description: 'the same over TCP and WebSocket with TLS, beside bare node:tls and ws; handshakes',
  async run(context) {
    const tls = await benchCredentials()
    const tcp = await handshakes('TCP: handshakes, one after the other', context, {
      bare: () => rawHandshakes(tls),
      ours: () => castyHandshakes(tcpTransport({ tls })),
    })
    const ws = await handshakes('WebSocket: handshakes, one after the other', context, {
      bare: () => rawWsHandshakes(tls),
      ours: () => castyHandshakes(wsTransport({ tls })),
    })
    const overTcp = await compared(
      'casty-tls',
      { name: 'raw', subject: 'raw-tls' },
      context,
      'TCP: ',
    )
    const limit = { name: 'raw', subject: 'raw-wss' } as const
    const overWs = await compared('casty-wss', limit, context, 'WebSocket: ')
    const title = '@casty/transport-tcp and @casty/transport-ws with TLS, data lane, loopback'
    return { title, rows: [...tcp, ...overTcp, ...ws, ...overWs], notes }
  },
}

/** How many there are in a second, and what one takes. */
async function handshakes(
  what: string,
  { repetitions, progress }: Context,
  measured: {
    readonly bare: () => Promise<PairFigures>
    readonly ours: () => Promise<PairFigures>
  },
): Promise<readonly Row[]> {
  progress(what)
  const { ours, bare } = await interleave(repetitions, measured)
  return [
    {
      what,
      unit: 'handshakes/s',
      samples: speedsOf(ours),
      reference: { name: 'raw', samples: speedsOf(bare) },
    },
    {
      what: '… processor of one, both ends',
      unit: 'µs',
      samples: usesOf(ours),
      reference: { name: 'raw', samples: usesOf(bare) },
    },
  ]
}

const notes = [
  'raw: node:tls, TLS 1.3, both ends verified, 4-byte length, one write per turn, same workload, same run;',
  'for WebSocket bare ws over node:https, one binary message per turn, no compression.',
  'Handshakes: ECDSA on P-256, no session resumed, both ends in one process, until both ends have verified the other.',
  'A ratio is the median of the ratios of neighbouring measurements; of processor time, less is better.',
]
