// The secrets of a cluster where a config says that they are: in files or environment variables, one a line, the first signs.
import { readFileSync } from 'node:fs'
import { exposedFile, type ExposedFile } from '@casty/net'
import { sharedSecret, type SharedSecret } from '@casty/secret'
import { ClusterSystemError } from '../errors.ts'
import type { SecretSection } from './credentials-sections.ts'

/** What was found of each kind. */
type Found = Readonly<Partial<Record<'member' | 'client', readonly string[]>>>

/** How often secrets are read again where nobody says, in milliseconds. */
const defaultReloadMs = 60_000

/** Those that are in force never show, as those of a `SharedSecret`. */
export class ConfiguredSecret {
  readonly authentication: SharedSecret
  readonly reloadIntervalMs: number
  readonly #configFile: string
  readonly #places: SecretSection
  #inForce: string

  /**
   * @param configFile - what a mistake in it is told of
   * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_CONFIG` where nothing is there, or others may read it that must not;
   * SecretError
   */
  constructor(configFile: string | undefined, places: SecretSection) {
    this.#configFile = configFile ?? 'the config'
    this.#places = places
    this.reloadIntervalMs = places.reloadIntervalMs ?? defaultReloadMs
    const found = this.#find()
    this.#inForce = JSON.stringify(found)
    const { member, client } = keysOf(places)
    const names = { member: `cluster.${member.key}`, client: `cluster.${client.key}` }
    this.authentication = sharedSecret(found, { names })
  }

  /** What is there now, to be compared; undefined where it is what is in force. @throws as the constructor */
  find(): string | undefined {
    const found = JSON.stringify(this.#find())
    return found === this.#inForce ? undefined : found
  }

  /** Puts what was found in force. @throws SecretError; what was in force stays */
  take(found: string): void {
    // What `find` has written.
    this.authentication.rotate(JSON.parse(found) as Found)
    this.#inForce = found
  }

  /** Those of its files that others may read; none on systems whose files have no modes. */
  exposed(): readonly ExposedFile[] {
    const { file, clientFile } = this.#places
    const files = [file, clientFile].filter((path) => path !== undefined)
    return files.flatMap((path) => exposedFile(path) ?? [])
  }

  #find(): Found {
    const { member, client } = keysOf(this.#places)
    const found = { member: this.#at(member), client: this.#at(client) }
    const [exposed] = this.#places.exposed === 'refuse' ? this.exposed() : []
    if (exposed) {
      const key = exposed.file === member.file ? member.key : client.key
      const allowed = 'a file that its owner alone may read, as after chmod 600'
      this.#refuse(key, `names ${exposed.file}, which others may read (${exposed.mode})`, allowed)
    }
    return {
      ...(found.member && { member: found.member }),
      ...(found.client && { client: found.client }),
    }
  }

  #at({ key, file, env }: Place): readonly string[] | undefined {
    if (file !== undefined) {
      const text = textOf(file)
      const why = `names ${file}, ${text === undefined ? 'which cannot be read' : 'in which there is none'}`
      return linesOf(text) ?? this.#refuse(key, why, 'the path of a file with a secret')
    }
    if (env === undefined) return undefined
    const allowed = 'an environment variable with a secret'
    return linesOf(process.env[env]) ?? this.#refuse(key, `names ${env}, which is not set`, allowed)
  }

  #refuse(key: string, what: string, allowed: string): never {
    throw ClusterSystemError.invalidConfig(this.#configFile, `cluster.${key}`, what, allowed)
  }
}

/** Where one kind of secret is, and the key that says so. */
interface Place {
  readonly key: string
  readonly file: string | undefined
  readonly env: string | undefined
}

function keysOf(places: SecretSection): Readonly<Record<'member' | 'client', Place>> {
  const { file, env, clientFile, clientEnv } = places
  return {
    member: { key: env === undefined ? 'secret_file' : 'secret_env', file, env },
    client: {
      key: clientEnv === undefined ? 'client_secret_file' : 'client_secret_env',
      file: clientFile,
      env: clientEnv,
    },
  }
}

function textOf(path: string): string | undefined {
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
