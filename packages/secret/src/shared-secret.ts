import type { Authentication, ProofExchange, ProofPurpose } from '@casty/transport'
import { randomBytes as systemRandomBytes } from '@noble/hashes/utils.js'
import { SecretError } from './errors.ts'
import { keysFor, SecretExchange, type KeyRing } from './exchange.ts'
import { SecretKey } from './secret-key.ts'
import { checkedBytes } from './strength.ts'

/** Random text or bytes: at least 128 bits, as `openssl rand -base64 32` makes 256 of them. */
export type Secret = string | Uint8Array

/** Of each kind one secret, or up to four: the first one signs, all are accepted. */
export interface Secrets {
  /** What members prove to each other. A client has none. */
  readonly member?: Secret | readonly Secret[]
  /** What clients and members prove to each other; another than that of members. Without it a member takes no clients. */
  readonly client?: Secret | readonly Secret[]
}

export interface SharedSecretOptions {
  /** Draws bytes that nobody can foresee. For tests on a seed. @defaultValue the runtime's `crypto.getRandomValues` */
  readonly randomBytes?: (length: number) => Uint8Array
  /** What errors call each kind: where it was given. @defaultValue `member` and `client` */
  readonly names?: SecretNames
}

/** What errors call each kind of secret. */
export type SecretNames = Readonly<Record<keyof Secrets, string>>

const usualNames: SecretNames = { member: 'member', client: 'client' }

const mostSecrets = 4
const hidden = '[a shared secret]'

/**
 * A secret that the nodes of a cluster share: an `Authentication` for endpoints. It never shows what it holds: not as
 * text, not as JSON, not to an inspector.
 */
export class SharedSecret implements Authentication {
  readonly #randomBytes: (length: number) => Uint8Array
  readonly #names: SecretNames
  #ring: KeyRing

  /** @throws SecretError `CASTY_SECRET_TOO_WEAK`, `CASTY_SECRET_INVALID_OPTION` */
  constructor(
    secrets: Secrets,
    { randomBytes = systemRandomBytes, names = usualNames }: SharedSecretOptions = {},
  ) {
    this.#ring = ringOf(secrets, names)
    this.#names = names
    this.#randomBytes = randomBytes
    // What Node's inspector asks an object for.
    const inspected = Symbol.for('nodejs.util.inspect.custom')
    Object.defineProperty(this, inspected, { value: () => hidden })
  }

  /**
   * Takes other secrets from now on. Connections that there are stay, and so do handshakes under way.
   *
   * To change the secret of a running cluster, go through all nodes three times: `[old, new]`, then `[new, old]`, then
   * `[new]`. Each time wait until all have it: no connection is refused at any moment.
   *
   * @throws SecretError `CASTY_SECRET_TOO_WEAK`, `CASTY_SECRET_INVALID_OPTION`; what was in force stays
   */
  rotate(secrets: Secrets): void {
    this.#ring = ringOf(secrets, this.#names)
  }

  isFor(purpose: ProofPurpose): boolean {
    return keysFor(purpose, this.#ring).length > 0
  }

  begin(): ProofExchange {
    return new SecretExchange(this.#ring, this.#randomBytes(32))
  }

  toString(): string {
    return hidden
  }

  toJSON(): string {
    return hidden
  }
}

/**
 * Makes an endpoint prove a secret to its peers, and ask for the same proof.
 *
 * It authenticates the two ends of a connection when that is opened. It does not encrypt, and does not protect what is
 * sent later: for that use TLS, with which the proof is tied to its one channel.
 *
 * @throws SecretError `CASTY_SECRET_TOO_WEAK`, `CASTY_SECRET_INVALID_OPTION`
 * @example String(sharedSecret({ member: 'Vr0Zp2vKq3dJ1mX9sT7wLbYcGhNfAeUo' })) // => '[a shared secret]'
 */
export function sharedSecret(secrets: Secrets, options?: SharedSecretOptions): SharedSecret {
  return new SharedSecret(secrets, options)
}

function ringOf(secrets: Secrets, names: SecretNames): KeyRing {
  if (typeof secrets !== 'object' || secrets === null) {
    throw SecretError.invalidOption('secrets', `of type ${typeof secrets}`, 'an object')
  }
  const member = keysOf(names.member, secrets.member)
  const client = keysOf(names.client, secrets.client)
  if (member.length + client.length === 0) {
    throw SecretError.invalidOption('secrets', 'empty', 'given a secret of members, or of clients')
  }
  if (client.some((one) => member.some((other) => one.isSame(other)))) {
    const allowed = 'another secret than that of members: who is given it would be one of them'
    throw SecretError.invalidOption(names.client, 'the secret of members', allowed)
  }
  return { member, client }
}

function keysOf(
  option: string,
  given: Secret | readonly Secret[] | undefined,
): readonly SecretKey[] {
  if (given === undefined) return []
  const secrets = isOne(given) ? [given] : given
  if (!Array.isArray(secrets) || secrets.length === 0 || secrets.length > mostSecrets) {
    const count = Array.isArray(secrets) ? `a list of ${secrets.length}` : `of type ${typeof given}`
    throw SecretError.invalidOption(option, count, `a secret, or a list of 1 to ${mostSecrets}`)
  }
  return secrets.map((secret: Secret) => new SecretKey(checkedBytes(option, secret)))
}

function isOne(given: Secret | readonly Secret[]): given is Secret {
  return typeof given === 'string' || given instanceof Uint8Array
}
