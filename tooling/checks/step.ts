import { spawn, type ChildProcess } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { delimiter, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/** One step of `npm test`: a command of its own, so that each can be run alone by hand. */
export interface Step {
  readonly name: string
  readonly command: readonly [program: string, ...args: string[]]
  /** Steps that must have passed first. A step whose precondition failed is not run. */
  readonly after?: readonly string[]
  /** Runs while nothing else does, with its output shown live: for what keeps all processors busy by itself. */
  readonly alone?: boolean
  /**
   * Runs beside steps of the same company, ordinary ones having none, and one in the background: for tests that
   * mostly wait.
   */
  readonly company?: string
  /**
   * Gets what processors the steps beside it leave, whatever their company: for computations that do not care how
   * long they take.
   */
  readonly background?: boolean
}

export interface StepResult {
  readonly step: Step
  readonly outcome: 'passed' | 'failed' | 'not-run' | 'interrupted'
  readonly durationMs: number
  readonly output: string
  readonly counts: Counts
}

export interface Counts {
  readonly passed: number
  readonly failed: number
}

/**
 * Reads the last line of the form `12 passed, 0 failed` (more may follow it on the line). A step that
 * counts nothing of its own, such as a type check, has no such line.
 */
export function countsOf(output: string): Counts | undefined {
  const last = [...output.matchAll(/^(\d+) passed, (\d+) failed\b/gm)].at(-1)
  return last && { passed: Number(last[1]), failed: Number(last[2]) }
}

/**
 * What a finished command amounts to. It has passed only if it says so twice: by its exit code and by
 * its closing line, where it has one; a failure that counts nothing counts as one.
 */
export function judge(
  exitCode: number | null,
  output: string,
): Pick<StepResult, 'outcome' | 'counts'> {
  const counts = countsOf(output) ?? { passed: 0, failed: 0 }
  if (exitCode === 0 && counts.failed === 0) return { outcome: 'passed', counts }
  return { outcome: 'failed', counts: { ...counts, failed: Math.max(1, counts.failed) } }
}

const interrupted = { outcome: 'interrupted', counts: { passed: 0, failed: 0 } } as const

/**
 * Runs one step to its end, or ends it when `signal` is aborted: what fails after that says nothing of
 * the step, and is not shown. Never rejects: a command that cannot start is a failed step.
 */
export function runStep(step: Step, cwd: string, signal?: AbortSignal): Promise<StepResult> {
  const startedMs = performance.now()
  const [program, ...args] = step.command
  return new Promise((resolve) => {
    let output = ''
    const finish = (exitCode: number | null) => {
      // Some tools colour what they write whenever they find themselves in CI.
      const text = stripVTControlCharacters(output)
      const durationMs = performance.now() - startedMs
      const verdict = judge(exitCode, text)
      const isInterrupted = signal?.aborted === true && verdict.outcome === 'failed'
      resolve({
        step,
        ...(isInterrupted ? interrupted : verdict),
        durationMs,
        output: text,
      })
    }
    const child = spawn(program, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
      env: environment(step, cwd),
      ...(signal && { signal }),
    })
    if (step.background) yieldToOthers(child)
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        if (step.alone && signal?.aborted !== true) process.stdout.write(text)
      })
    }
    child.on('error', (error) => {
      if (error.name === 'AbortError') return // It was told to end, and `close` says when it has.
      output += `Could not start ${program}: ${error.message}\n`
      finish(1)
    })
    child.on('close', finish)
  })
}

/** A machine that does not let it has it compete with them. */
function yieldToOthers({ pid }: ChildProcess): void {
  if (pid === undefined) return // It did not start.
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch (error) {
    console.log(`  It runs at full priority: ${String(error)}`)
  }
}

/**
 * With the tools of the workspace on the path. Colours only where output is shown as it comes, in a
 * terminal; some tools take even `FORCE_COLOR=0` for a yes.
 */
function environment({ alone }: Step, cwd: string): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, NO_COLOR: __, ...inherited } = process.env
  const colours = alone && process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }
  const path = [join(cwd, 'node_modules', '.bin'), inherited['PATH']].join(delimiter)
  return { ...inherited, ...colours, PATH: path, TURBO_TELEMETRY_DISABLED: '1' }
}
