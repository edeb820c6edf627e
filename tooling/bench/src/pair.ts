// Two fresh processes that measure something between them: one listens, the other connects to it.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** What the processes of a pair say. */
export type PairReport =
  | { readonly type: 'listening'; readonly port: number }
  /** The warm-up is over. */
  | { readonly type: 'measuring' }
  | { readonly type: 'measured'; readonly perSecond: number }
  /** Of a processor, in microseconds since the process began. */
  | { readonly type: 'used'; readonly micros: number }

/** What came of a measurement. */
export interface PairFigures {
  /** Messages, or answered questions. */
  readonly perSecond: number
  /** What each of them took of a processor, in microseconds, in all processes together. */
  readonly micros: number
}

/** How many there were per second, one sample each. */
export function speedsOf(figures: readonly PairFigures[]): readonly number[] {
  return figures.map(({ perSecond }) => perSecond)
}

/** What one of them took of a processor, in microseconds, one sample each. */
export function usesOf(figures: readonly PairFigures[]): readonly number[] {
  return figures.map(({ micros }) => micros)
}

const patienceMs = 30_000

const processorUse = new URL('processor-use.ts', import.meta.url).href

/**
 * @param program - of both ends; it gets what `assignment` gives, as its only argument in JSON
 * @param measuring - which end counts
 */
export async function measurePair(
  program: string,
  assignment: (port: number | undefined) => object,
  measuring: 'listening' | 'connecting',
): Promise<PairFigures> {
  const listening = start(program, assignment(undefined))
  const children = [listening]
  try {
    const { port } = await reportOf(listening, 'listening')
    const connecting = start(program, assignment(port))
    children.push(connecting)
    const counting = measuring === 'listening' ? listening : connecting
    return await figuresOf(counting, children)
  } finally {
    // The sender first: one whose receiver is gone would fail.
    for (const child of children.toReversed()) await stop(child)
  }
}

/** The same within one fresh process. */
export async function measureAlone(program: string, assignment: object): Promise<PairFigures> {
  const child = start(program, assignment)
  try {
    return await figuresOf(child, [child])
  } finally {
    await stop(child)
  }
}

async function figuresOf(
  counting: ChildProcess,
  all: readonly ChildProcess[],
): Promise<PairFigures> {
  await reportOf(counting, 'measuring')
  const measured = reportOf(counting, 'measured')
  const beganAt = performance.now()
  const before = await usedBy(all)
  const { perSecond } = await measured
  const used = (await usedBy(all)) - before
  return { perSecond, micros: (used * 1_000) / (performance.now() - beganAt) / perSecond }
}

/** Of a processor, in microseconds. */
async function usedBy(children: readonly ChildProcess[]): Promise<number> {
  const reports = children.map(async (child) => {
    const report = reportOf(child, 'used')
    child.send('use')
    return (await report).micros
  })
  return (await Promise.all(reports)).reduce((sum, micros) => sum + micros, 0)
}

function start(program: string, assignment: object): ChildProcess {
  return fork(program, [JSON.stringify(assignment)], {
    execArgv: [
      '--conditions=@casty/source',
      `--import=${processorUse}`,
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
