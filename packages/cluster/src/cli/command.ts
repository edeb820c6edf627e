import { parseArgs, type ParseArgsConfig } from 'node:util'

/** Where a command writes, a line or several at once. */
export interface Output {
  readonly out: (text: string) => void
  readonly error: (text: string) => void
}

/** What stands behind `casty`. What it needs besides the cluster it loads as it runs. */
export interface Command {
  readonly usage: string
  /** @throws UsageError for arguments that it does not understand; whatever goes wrong */
  run(args: readonly string[], output: Output): Promise<void>
}

/** It was called in a way that it does not know. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

type Known = NonNullable<ParseArgsConfig['options']>
type Values<Options extends Known> = ReturnType<
  typeof parseArgs<{ options: Options; strict: true; allowPositionals: false }>
>['values']

/** Options as `parseArgs` reads them. @throws UsageError */
export function readOptions<const Options extends Known>(
  args: readonly string[],
  options: Options,
): Values<Options> {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** An option that has to be there. @throws UsageError */
export function required(name: string, value: string | undefined): string {
  if (value !== undefined && value !== '') return value
  throw new UsageError(`--${name} is missing`)
}

/** An option that is a number. @throws UsageError */
export function numeric(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value)
  throw new UsageError(`--${name} is ${JSON.stringify(value)}, and must be a number`)
}
