import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export interface DemoEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly lines: readonly string[]
  readonly errors: string
}

/** The demo as a process of its own, without a terminal. */
export class DemoProcess {
  readonly #child: ChildProcess
  readonly #lines: string[] = []
  readonly #end: Promise<DemoEnd>
  #heard: (line: string) => void = () => {}

  constructor(...argv: readonly string[]) {
    // A program of its own may come first.
    const [first = ''] = argv
    const program = first.endsWith('.ts') ? argv : [main, ...argv]
    const child = spawn(process.execPath, ['--conditions=@casty/source', ...program], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    let errors = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk))
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#lines.push(line)
      this.#heard(line)
    })
    // The node processes hold the same pipes: `close` comes when the last of them is gone, too.
    this.#end = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null, // As documented for `close`.
      signal: signal as NodeJS.Signals | null, // As documented for `close`.
      lines: this.#lines,
      errors,
    }))
  }

  /** Resolves with the demo's end once no process of it is left. */
  end(): Promise<DemoEnd> {
    return this.#end
  }

  /** Resolves when a line with this text was printed; rejects when the demo ends before. */
  async printed(text: string): Promise<void> {
    if (this.#lines.some((line) => line.includes(text))) return
    const heard = new Promise<boolean>((resolve) => {
      this.#heard = (line) => {
        if (line.includes(text)) resolve(true)
      }
    })
    const ended = this.#end.then(() => false)
    if (!(await Promise.race([heard, ended]))) throw new Error(`"${text}" was not printed.`)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

/** The ids of all node processes that the demo says it started. */
export function startedPids(lines: readonly string[]): readonly number[] {
  return lines.flatMap((line) => {
    const pid = /starts as process (\d+)|"process-started".*"pid":(\d+)/.exec(line)
    return pid ? [Number(pid[1] ?? pid[2])] : []
  })
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
