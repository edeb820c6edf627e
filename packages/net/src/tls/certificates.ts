import { createSecureContext, type SecureContext } from 'node:tls'
import { TransportError } from '@casty/transport'
import {
  describeNotice,
  expiryNotice,
  warningCodes,
  warningsDue,
  type CertificateNotice,
} from './certificate-notices.ts'
import { readCredentials, type Credentials } from './credentials.ts'
import type { ResolvedTlsOptions } from './tls-options.ts'

/**
 * The node's certificate and authority as they are now. Files are read again every
 * `reloadIntervalMs`, at the first dial after it or by a timer while somebody listens.
 *
 * Invariant: what is in use was valid as a whole when it was read; a reload that fails changes nothing.
 */
export class Certificates {
  readonly #options: ResolvedTlsOptions
  readonly #listeners = new Set<() => void>()
  #credentials: Credentials
  #context: SecureContext
  #readAt: number
  #warned: number
  #failure: string | undefined
  /** Mode of the key's file, as it was told. */
  #exposed: string | undefined
  #timer: ReturnType<typeof setInterval> | undefined

  /** @throws TransportError `CASTY_TRANSPORT_BAD_CERTIFICATE` */
  constructor(options: ResolvedTlsOptions) {
    this.#options = options
    this.#readAt = Date.now()
    this.#credentials = readCredentials(options, this.#readAt)
    this.#context = secureContext(this.#credentials)
    this.#warned = 0
    this.#lookAtExpiry()
    this.#lookAtKey(this.#credentials)
  }

  get credentials(): Credentials {
    return this.#credentials
  }

  get context(): SecureContext {
    return this.#context
  }

  /**
   * Reads files again, now.
   *
   * @returns whether anything is new
   * @throws TransportError `CASTY_TRANSPORT_BAD_CERTIFICATE`; what was in use stays in use
   */
  reload(): boolean {
    this.#readAt = Date.now()
    const next = readCredentials(this.#options, this.#readAt)
    this.#lookAtKey(next)
    if (isSame(next, this.#credentials)) {
      this.#failure = undefined
      return false
    }
    this.#context = secureContext(next)
    this.#failure = undefined
    this.#credentials = next
    this.#warned = 0
    for (const listener of this.#listeners) listener()
    this.#tell({ type: 'reloaded', expiresAt: next.expiresAt })
    this.#lookAtExpiry()
    return true
  }

  /** Reads files again where that is due. */
  refresh(): void {
    if (Date.now() - this.#readAt >= this.#options.reloadIntervalMs) this.#readAgain()
  }

  /** What is wrong with the files is told, once. */
  #readAgain(): void {
    this.#lookAtExpiry()
    try {
      this.reload()
    } catch (error) {
      if (!(error instanceof TransportError)) throw error
      if (this.#failure !== error.message) this.#tell({ type: 'reload-failed', error })
      this.#failure = error.message
    }
  }

  /** Calls `changed` for every reload that brought something new, and sees to it that there are any. */
  watch(changed: () => void): Disposable {
    this.#listeners.add(changed)
    this.#timer ??= setInterval(() => this.#readAgain(), this.#options.reloadIntervalMs).unref()
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(changed)
        if (this.#listeners.size > 0) return
        clearInterval(this.#timer)
        this.#timer = undefined
      },
    }
  }

  #lookAtExpiry(): void {
    const now = Date.now()
    const due = warningsDue(this.#credentials, now)
    const notice = due > this.#warned ? expiryNotice(this.#credentials, now) : undefined
    this.#warned = due
    if (notice) this.#tell(notice)
  }

  #lookAtKey({ exposed }: Credentials): void {
    if (exposed !== undefined && exposed.mode !== this.#exposed) {
      this.#tell({ type: 'key-exposed', ...exposed })
    }
    this.#exposed = exposed?.mode
  }

  #tell(notice: CertificateNotice): void {
    const { onCertificate } = this.#options
    if (!onCertificate) {
      const { type } = notice
      if (type === 'reloaded') return
      process.emitWarning(describeNotice(notice), {
        type: 'CastyWarning',
        code: warningCodes[type],
      })
      return
    }
    try {
      onCertificate(notice)
    } catch {
      // The user's own: it must not end a connection that has nothing to do with it.
    }
  }
}

/** TLS 1.3 alone, and nobody trusted but the authorities in `ca`. */
export function contextOf({ ca, cert, key }: Credentials): {
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly minVersion: 'TLSv1.3'
} {
  return { ca, cert, key, minVersion: 'TLSv1.3' }
}

/** @throws TransportError `CASTY_TRANSPORT_BAD_CERTIFICATE` for what OpenSSL does not take, as a key that is too small */
function secureContext(credentials: Credentials): SecureContext {
  try {
    return createSecureContext(contextOf(credentials))
  } catch (error) {
    throw TransportError.badCertificate(
      'What is in ca, cert and key',
      'cannot be used for TLS',
      error,
    )
  }
}

function isSame(left: Credentials, right: Credentials): boolean {
  return left.ca === right.ca && left.cert === right.cert && left.key === right.key
}
