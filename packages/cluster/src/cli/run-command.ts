import { certCommand } from './cert-command.ts'
import { UsageError, type Command, type Output } from './command.ts'

/** Every command, by its first word. */
const commands: Readonly<Record<string, Command>> = { cert: certCommand }

/**
 * Runs `casty` with these arguments.
 *
 * @returns the exit code: 0 where it did what it was told, 2 where it was told nothing it knows, 1 where that failed
 */
export async function runCommand(args: readonly string[], output: Output): Promise<0 | 1 | 2> {
  const [name, ...rest] = args
  if (name === undefined || name === 'help' || name === '--help') {
    output.out(usage())
    return name === undefined ? 2 : 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) {
    output.error(`casty ${name} is not known.\n\n${usage()}`)
    return 2
  }
  if (rest.includes('--help')) {
    output.out(command.usage)
    return 0
  }
  try {
    await command.run(rest, output)
    return 0
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    if (!(error instanceof UsageError)) output.error(text)
    else output.error(`${text}\n\n${command.usage}`)
    return error instanceof UsageError ? 2 : 1
  }
}

function usage(): string {
  return Object.values(commands)
    .map((command) => command.usage)
    .join('\n\n')
}
