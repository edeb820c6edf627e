import { readFileSync } from 'node:fs'
import { sharedSecret, type SharedSecret } from '@casty/secret'
import { ClusterSystemError } from '../errors.ts'
import type { SecretSection } from './casty-config.ts'

/**
 * The secrets of a cluster, from the files or environment variables that a config names: one a line, the first signs.
 *
 * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_CONFIG` where nothing is there; SecretError
 */
export function secretFrom(
  file: string | undefined,
  { file: memberFile, env, clientFile, clientEnv }: SecretSection,
): SharedSecret {
  const refuse = (key: string, what: string, allowed: string): never => {
    throw ClusterSystemError.invalidConfig(file ?? 'the config', `cluster.${key}`, what, allowed)
  }
  const inFile = (key: string, path: string | undefined): readonly string[] | undefined =>
    path === undefined
      ? undefined
      : (linesOf(fileAt(path)) ??
        refuse(key, `names ${path}, in which there is none`, 'the path of a file with a secret'))
  const inEnv = (key: string, name: string | undefined): readonly string[] | undefined =>
    name === undefined
      ? undefined
      : (linesOf(process.env[name]) ??
        refuse(key, `names ${name}, which is not set`, 'an environment variable with a secret'))
  const member = inFile('secret_file', memberFile) ?? inEnv('secret_env', env)
  const client = inFile('client_secret_file', clientFile) ?? inEnv('client_secret_env', clientEnv)
  return sharedSecret({ ...(member && { member }), ...(client && { client }) })
}

function fileAt(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // Whoever asks says so, by the name of the key.
  }
}

function linesOf(text = ''): readonly string[] | undefined {
  const lines = text.split(/\s+/).filter((line) => line !== '')
  return lines.length > 0 ? lines : undefined
}
