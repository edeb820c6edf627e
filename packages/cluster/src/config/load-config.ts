import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'smol-toml'
import { ClusterSystemError } from '../errors.ts'
import { configOf, emptyConfig, type CastyConfig } from './casty-config.ts'

/** The name that is looked for. */
export const configFileName = 'casty.toml'

/**
 * The nearest `casty.toml`, in a directory or above it.
 *
 * @param start - @defaultValue the working directory
 */
export function discoverConfig(start: string = process.cwd()): string | undefined {
  for (let directory = resolve(start); ; directory = dirname(directory)) {
    const file = join(directory, configFileName)
    if (existsSync(file)) return file
    if (dirname(directory) === directory) return undefined
  }
}

/**
 * Reads a config file.
 *
 * @param path - @defaultValue what `discoverConfig()` finds; an empty config where it finds none
 * @throws ClusterSystemError `CASTY_CLUSTER_CONFIG_NOT_FOUND` for a path where there is none,
 * `CASTY_CLUSTER_CONFIG_UNREADABLE`, `CASTY_CLUSTER_INVALID_CONFIG`
 */
export function loadConfig(path?: string): CastyConfig {
  const file = path === undefined ? discoverConfig() : resolve(path)
  if (file === undefined) return emptyConfig
  if (!existsSync(file)) throw ClusterSystemError.configNotFound(file)
  return configOf(file, documentOf(file))
}

function documentOf(file: string): Readonly<Record<string, unknown>> {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw ClusterSystemError.configUnreadable(file, error)
  }
}
