import { parseArgs } from 'node:util'

export interface DemoOptions {
  readonly nodes: number
  /** Where the seed listens; undefined picks a free port. */
  readonly port: number | undefined
  readonly partition: boolean
  readonly interactive: boolean
  readonly fast: boolean
  readonly json: boolean
}

export type Command =
  | { readonly type: 'run'; readonly options: DemoOptions }
  | { readonly type: 'help' }
  | { readonly type: 'mistake'; readonly message: string }

const fewestNodes = 3
export const mostNodes = 20

/** @param isTerminal - whether a person sits at both ends: keys come in, and a table can be drawn */
export function readCommandLine(argv: readonly string[], isTerminal: boolean): Command {
  const parsed = parse(argv)
  if (parsed instanceof Error) return mistake(firstSentence(parsed.message))
  const { nodes, port, partition, interactive, fast, json, help } = parsed
  if (help) return { type: 'help' }
  const nodeCount = whole(nodes, fewestNodes, mostNodes)
  if (nodeCount === undefined)
    return mistake(`--nodes is "${nodes}": give an integer from ${fewestNodes} to ${mostNodes}.`)
  const portNumber = port === undefined ? undefined : whole(port, 1, 65_535)
  if (port !== undefined && portNumber === undefined)
    return mistake(`--port is "${port}": give an integer from 1 to 65535.`)
  if (interactive && partition) return mistake('--interactive and --partition exclude each other.')
  if (interactive && json) return mistake('--interactive and --json exclude each other.')
  if (interactive && !isTerminal)
    return mistake('--interactive takes keys, so it needs a terminal for input and output.')
  return {
    type: 'run',
    options: { nodes: nodeCount, port: portNumber, partition, interactive, fast, json },
  }
}

export const usage = `Usage: npm run demo -- [options]

Starts node processes that form a cluster over TCP, and shows what becomes of it while one
is killed, restarted, stopped for three seconds, and while one leaves.

  --nodes N      how many processes, from ${fewestNodes} to ${mostNodes} (default 5)
  --port N       where the first node listens (default: a free port)
  --partition    another story: the network is cut in two, and mended
  --interactive  no story: you kill, pause, restart, add and let leave, by keys
  --fast         no pauses for the reader between the steps
  --json         one JSON object per line, for machines
  --help         show this

The exit code is 0 when every step came about in time, 1 when one did not, 2 for a wrong option.`

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        nodes: { type: 'string', default: '5' },
        port: { type: 'string' },
        partition: { type: 'boolean', default: false },
        interactive: { type: 'boolean', default: false },
        fast: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    // What `parseArgs` throws says which option is wrong; anything else is a bug.
    if (error instanceof TypeError) return error
    throw error
  }
}

/** What follows the first sentence of a message of `parseArgs` is advice on positional arguments. */
function firstSentence(message: string): string {
  return `${message.split(/\.\s|\.$|\n/)[0] ?? message}.`
}

function whole(text: string, min: number, max: number): number | undefined {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  return value >= min && value <= max ? value : undefined
}

function mistake(message: string): Command {
  return { type: 'mistake', message }
}
