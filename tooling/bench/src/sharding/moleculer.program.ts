// One of two Moleculer nodes in a process of its own: the first has a service that counts, the second calls it.
import { Meter } from '../transport/workload.ts'
import type { PairReport } from '../pair.ts'
import type { Assignment } from './measure.ts'
import { startMoleculer } from './moleculer.ts'

const warmUp = { ms: 2_500, count: 20_000 }

// Written by `measure.ts` in this folder.
const { workload, port } = JSON.parse(process.argv[2] ?? '') as Assignment
process.on('disconnect', () => process.exit())

const meter = new Meter((perSecond) => report({ type: 'measured', perSecond }), warmUp)
const node = await startMoleculer(port)
if (port === undefined) report({ type: 'listening', port: node.port })
else if (workload.type === 'ask') {
  await node.untilFound()
  for (let count = 0; count < workload.inFlight; count++) void callOn()
}

async function callOn(): Promise<never> {
  for (;;) {
    await node.call()
    meter.count()
  }
}

function report(message: PairReport): void {
  process.send?.(message)
}
