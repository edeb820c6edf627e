// One end of a measurement, a process of its own: nothing that ran before has shaped its code.
import type { PairReport } from '../pair.ts'
import type { Assignment, Credentials } from './messages.ts'
import type { Subject } from './subject.ts'
import { drive, Meter, onAnswer, serve } from './workload.ts'

// Written by `measure` in this folder.
const { subject, workload, port, tls } = JSON.parse(process.argv[2] ?? '') as Assignment
process.on('disconnect', () => process.exit())

const isSequential = workload.type === 'request-answer' && workload.inFlight === 1
const warmUp = { ms: 400, count: isSequential ? 10_000 : 100_000 }
const meter = new Meter((perSecond) => report({ type: 'measured', perSecond }), warmUp)
const { connect, listen } = await load()
if (port === undefined) {
  report({ type: 'listening', port: await listen(serve(workload, meter)) })
} else {
  drive(workload, await connect(port, onAnswer(workload, meter)))
}

/** Loads only what is measured. */
async function load(): Promise<Subject> {
  switch (subject) {
    case 'raw':
      return (await import('./raw.ts')).raw
    case 'casty':
      return (await import('./casty-tcp.ts')).castyTcp
    case 'raw-tls':
      return (await import('./raw-tls.ts')).rawTls(credentials())
    case 'casty-tls':
      return (await import('./casty-tls.ts')).castyTls(credentials())
    case 'raw-ws':
      return (await import('./raw-ws.ts')).rawWs()
    case 'raw-wss':
      return (await import('./raw-ws.ts')).rawWs(credentials())
    case 'casty-wss':
      return (await import('./casty-wss.ts')).castyWss(credentials())
    case 'casty-ws':
      return (await import('./casty-ws.ts')).castyWs
  }
}

function credentials(): Credentials {
  if (!tls) throw new Error('A subject with TLS is handed what it shows.')
  return tls
}

function report(message: PairReport): void {
  process.send?.(message)
}
