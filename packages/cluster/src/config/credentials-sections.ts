// What a config says of secrets and certificates: where they are, and never what they are. Paths are from the folder of the config.
import { defined } from '@casty/options'
import type { Section } from './section.ts'

/** Where secrets are to be found: they never stand in the file itself. One a line, the first of which signs. */
export interface SecretSection {
  /** Paths. */
  readonly file?: string
  readonly clientFile?: string
  /** Names of environment variables. */
  readonly env?: string
  readonly clientEnv?: string
  /** How often they are read again, in milliseconds. @defaultValue 60_000 */
  readonly reloadIntervalMs?: number
  /** What becomes of a file that everybody on its machine may read, or write. @defaultValue 'tell' */
  readonly exposed?: 'tell' | 'refuse'
}

/** What `tls` of a transport takes: files in PEM, by their paths. */
export interface TlsSection {
  readonly cert: string
  readonly ca: string
  readonly key: string
  /** Names of which a certificate must bear one, as `URI:…`, `DNS:…` or `IP:…`. */
  readonly allow?: readonly string[]
  readonly endsWithCertificate?: boolean
  readonly exposedKey?: 'tell' | 'refuse'
}

export function secretSection(section: Section): SecretSection | undefined {
  const places: SecretSection = defined({
    file: section.path('secret_file'),
    clientFile: section.path('client_secret_file'),
    env: section.text('secret_env'),
    clientEnv: section.text('client_secret_env'),
  })
  const others: SecretSection = defined({
    reloadIntervalMs: section.durationMs('secret_reload_interval'),
    exposed: section.choice('exposed_secret', ['tell', 'refuse']),
  })
  const one = 'one place, a file or an environment variable'
  if (places.file !== undefined && places.env !== undefined) {
    section.refuse('secret_env', 'is given beside secret_file', one)
  }
  if (places.clientFile !== undefined && places.clientEnv !== undefined) {
    section.refuse('client_secret_env', 'is given beside client_secret_file', one)
  }
  return Object.keys(places).length > 0 ? { ...places, ...others } : undefined
}

export function tlsSection(section: Section): TlsSection {
  const file = (name: string): string =>
    section.path(name) ?? section.refuse(name, 'is missing', 'the path of a file in PEM')
  const files = { cert: file('certfile'), ca: file('cafile'), key: file('keyfile') }
  const others = defined({
    allow: section.texts('allow'),
    endsWithCertificate: section.flag('ends_with_certificate'),
    exposedKey: section.choice('exposed_key', ['tell', 'refuse']),
  })
  return { ...files, ...others }
}
