// Two fresh processes that measure something between them: one listens, the other connects to it.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** What the processes of a pair say. */
export type PairReport =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'measured'; readonly perSecond: number }

const patienceMs = 30_000

/**
 * Messages, or answered requests, per second.
 *
 * @param program - of both ends; it gets what `assignment` gives, as its only argument in JSON
 * @param measuring - which end counts
 */
export async function measurePair(
  program: string,
  assignment: (port: number | undefined) => object,
  measuring: 'listening' | 'connecting',
): Promise<number> {
  const listening = start(program, assignment(undefined))
  const children = [listening]
  try {
    const { port } = await reportOf(listening, 'listening')
    const connecting = start(program, assignment(port))
    children.push(connecting)
    const counting = measuring === 'listening' ? listening : connecting
    return (await reportOf(counting, 'measured')).perSecond
  } finally {
    // The sender first: one whose receiver is gone would fail.
    for (const child of children.toReversed()) await stop(child)
  }
}

/** The same within one fresh process. */
export async function measureAlone(program: string, assignment: object): Promise<number> {
  const child = start(program, assignment)
  try {
    return (await reportOf(child, 'measured')).perSecond
  } finally {
    await stop(child)
  }
}

function start(program: string, assignment: object): ChildProcess {
  return fork(program, [JSON.stringify(assignment)], {
    execArgv: [
      '--conditions=@casty/source',
      ...(process.env['BENCH_NODE_FLAGS']?.split(' ') ?? []),
    ],
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.disconnect()
  await exited
}

function reportOf<Type extends PairReport['type']>(
  child: ChildProcess,
  type: Type,
): Promise<Extract<PairReport, { readonly type: Type }>> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer)
      child.off('message', received)
      child.off('exit', exited)
    }
    // Only the programs of pairs send to us, and they send reports.
    const received = (message: unknown): void => {
      const report = message as PairReport
      if (!isReport(report, type)) return
      settle()
      resolve(report)
    }
    const fail = (why: string): void => {
      settle()
      reject(new Error(`A measuring process ${why}, before it was ${type}.`))
    }
    const exited = (): void => fail('ended')
    const timer = setTimeout(() => fail(`said nothing for ${patienceMs} ms`), patienceMs)
    child.on('message', received)
    child.once('exit', exited)
  })
}

function isReport<Type extends PairReport['type']>(
  report: PairReport,
  type: Type,
): report is Extract<PairReport, { readonly type: Type }> {
  return report.type === type
}
